"""The slip as PDF, and the code on it that anybody may verify: genuine, still valid, and nothing of the patient."""

import io
from dataclasses import replace
from uuid import UUID

import pypdf
import pytest
import zxingcpp

from common.core.money import Money
from common.kit.cause import Cause
from common.kit.sealing import Seal
from services.settlement.adapters.slip import SlipLayer, SlipLine
from services.settlement.adapters.slip_pdf import slip_as_pdf
from services.settlement.domain.capitals import capitals_of
from services.settlement.domain.slip_code import SlipUnknown, read_slip_code, slip_code, slip_key
from services.settlement.usecases.read_settlement import Reader
from services.settlement.usecases.render_slip import SlipPrint, render_slip
from tests.integration.settlement.conftest import HOSPITAL, NAME, NUMBER, person_of
from tests.integration.settlement.rerating_desk import POLICIES, booked, opened

KEY = slip_key(data_key=bytes(32))
A5_POINTS = (148 / 25.4 * 72, 210 / 25.4 * 72)


async def pdf_of(counter, settled, **query):
    path = f"/v1/settlements/{settled['settlement_id']}/slip"
    answer = await counter.get(path, counter.hospital | {"Accept": "application/pdf"}, **query)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    return answer.content


def pages_of(pdf):
    return pypdf.PdfReader(io.BytesIO(pdf)).pages


def words_of(pdf):
    """Return the text of the only page, without the breaks of lines and the first bytes that the reader shows, too."""
    [page] = pages_of(pdf)
    return page.extract_text().replace("\n", "").replace("\x00", "")


def scanned(pdf):
    """Return what a telephone reads from the code on the page."""
    [page] = pages_of(pdf)
    [found] = zxingcpp.read_barcodes(page.images[0].image)
    return found.text


def code_of(settled, ordinal=0, key=KEY):
    return slip_code(settlement_id=UUID(settled["settlement_id"]), ordinal=ordinal, key=key)


async def verified(counter, code):
    return await counter.client.get(f"/v1/slips/{code}")


class TestPdf:
    async def test_is_one_a5_page_with_every_amount_in_chinese(self, counter):
        await counter.hold()
        settled = await counter.settle()

        pdf = await pdf_of(counter, settled)

        [page] = pages_of(pdf)
        words = words_of(pdf)
        assert [float(page.mediabox.width), float(page.mediabox.height)] == pytest.approx(A5_POINTS, abs=1)
        for wanted in ("医疗费用“一站式”结算单", "王*", "211381********0011", "北票市第一示范医院", "※待确认"):
            assert wanted in words
        for layer in settled["layers"]:
            assert capitals_of(Money(layer["paid_fen"])) in words
            assert all(step["text"].replace(" ", "") in words.replace(" ", "") for step in layer["steps"])
        assert capitals_of(Money(settled["patient_pays_fen"])) in words
        assert code_of(settled) in words
        assert NAME not in words
        assert NUMBER not in words

    async def test_carries_its_font_and_is_the_same_for_the_same_slip(self, counter):
        settled = await counter.settle()

        first, second = [await pdf_of(counter, settled) for _ in range(2)]

        fonts = [font.get_object() for font in pages_of(first)[0]["/Resources"]["/Font"].values()]
        files = [each["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object() for each in fonts]
        assert files
        assert all({"/FontFile2", "/FontFile3"} & set(each) for each in files)
        assert first == second

    async def test_says_when_it_no_longer_counts(self, counter):
        settled = await counter.settle()
        await counter.reverse(settled)

        assert "本结算已冲正，作废" in words_of(await pdf_of(counter, settled))

    async def test_of_a_correction_says_what_is_paid_back(self, counter):
        settled = await counter.settle()
        await counter.reverse(settled)
        again = await counter.settle()
        await counter.hold()
        await booked(counter, await opened(counter))

        pdf = await pdf_of(counter, again, correction=1)

        assert "较前次结果：退还个人" in words_of(pdf)
        assert "第 2 次结算" in words_of(pdf)
        assert scanned(pdf).endswith(code_of(again, 1))

    @pytest.mark.parametrize(("steps", "is_whole"), [(5, True), (8, True), (60, False)])
    async def test_stays_one_page_however_long_the_calculation(self, counter, steps, is_whole):
        settled = await counter.settle()
        async with counter.database.unit_of_work(Cause("test")) as uow:
            slip = await render_slip(
                uow,
                settlement_id=UUID(settled["settlement_id"]),
                reader=Reader(HOSPITAL, None),
                printed_with=SlipPrint(POLICIES, Seal(bytes(32)), KEY, "https://example.org"),
            )
        layers = [SlipLayer("层", "1.00", "壹元整", [SlipLine("步骤" * 12, "1.00")] * steps)] * 4

        words = words_of(slip_as_pdf(replace(slip, layers=layers)))

        assert ("计算步骤从略" in words) is not is_whole
        assert "个人应付" in words

    async def test_shows_what_a_hospital_wrote_as_it_is(self, counter):
        settled = await counter.settle("<b>1</b>&(PDF)")

        assert "<b>1</b>&(PDF)" in words_of(await pdf_of(counter, settled))

    @pytest.mark.parametrize(
        ("accept", "kind"),
        [
            ("application/pdf", "application/pdf"),
            ("application/pdf;q=0.9, application/*", "application/pdf"),
            ("application/pdf, text/html;q=0.5", "text/html; charset=utf-8"),
            ("application/pdf, */*", "text/html; charset=utf-8"),
            ("text/html", "text/html; charset=utf-8"),
            ("", "text/html; charset=utf-8"),
        ],
    )
    async def test_goes_to_whoever_takes_nothing_else(self, counter, accept, kind):
        settled = await counter.settle()

        answer = await counter.get(
            f"/v1/settlements/{settled['settlement_id']}/slip", counter.hospital | {"Accept": accept}
        )

        assert answer.headers["content-type"] == kind


class TestCode:
    async def test_leads_to_the_amounts_and_to_nobody(self, counter):
        await counter.hold()
        settled = await counter.settle()
        address = scanned(await pdf_of(counter, settled))

        answer = await verified(counter, address.rpartition("/")[2])

        assert answer.json() == {
            "state": "valid",
            "county": "北票市",
            "hospital": "北票市第一示范医院",
            "settled_on": "2016-09-12",
            "correction": 0,
            **{
                name: settled[name] for name in ("total_fen", "fund_paid_fen", "hospital_borne_fen", "patient_pays_fen")
            },
        }
        for private in (NAME, NUMBER, str(person_of()), settled["record_no"], "I63", settled["settlement_id"]):
            assert private not in answer.text

    async def test_stands_on_the_page_of_html_too(self, counter):
        settled = await counter.settle()

        page = (await counter.get(f"/v1/settlements/{settled['settlement_id']}/slip")).text

        assert code_of(settled) in page
        assert "<svg" in page

    async def test_tells_of_reversals_and_corrections(self, counter):
        first, second = [await counter.settle(record) for record in ("R1", "R2")]
        await counter.reverse(second)
        await counter.hold()
        await booked(counter, await opened(counter))

        codes = (code_of(first), code_of(first, 1), code_of(second))
        states = [(await verified(counter, code)).json()["state"] for code in codes]
        shares = [(await verified(counter, code_of(first, ordinal))).json()["patient_pays_fen"] for ordinal in (0, 1)]

        assert states == ["corrected", "valid", "reversed"]
        assert shares[0] == first["patient_pays_fen"] > shares[1]

    async def test_that_nobody_printed_is_unknown(self, counter):
        settled = await counter.settle()
        good = code_of(settled)
        forged = [
            "A" * 45,
            good[:-9] + "AAAAAAAAA",
            code_of(settled, key=slip_key(data_key=bytes(31) + b"1")),
            code_of(settled, 1),
            code_of({"settlement_id": "8f14e45f-ceea-5a67-b0de-5a1b2c3d4e5f"}),
        ]

        answers = [await verified(counter, code) for code in forged]

        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "slip_unknown")}

    @pytest.mark.parametrize("code", ["x", "a" * 45, "1" * 45, "A" * 46, "A" * 9000])
    async def test_of_another_form_is_unknown_too(self, counter, code):
        answer = await verified(counter, code)

        assert (answer.status_code, answer.json()["code"]) == (404, "slip_unknown")


class TestKey:
    def test_says_nothing_about_the_service_s_own(self):
        assert bytes(32) != KEY
        assert slip_key(data_key=bytes(32)) == KEY

    @pytest.mark.parametrize("code", ["", "A", "AAA", "é" * 45, "A" * 44])
    def test_refuses_what_is_no_code(self, code):
        with pytest.raises(SlipUnknown):
            read_slip_code(code=code, key=KEY)
