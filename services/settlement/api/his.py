"""The national interface's envelope (国家医保接口报文): one address, the transaction named inside.

A refusal of the field is HTTP 200 with `infcode` -1; an envelope that cannot be read, and a caller who may not send it,
are problem documents as everywhere. Next hop: services/settlement/usecases/his_answer_message.py
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Response
from pydantic import Field
from starlette.requests import Request

from common.kit.auth import require_own
from common.kit.fields import RequestModel, ResponseModel
from common.kit.http import secured, secured_router
from services.settlement.api.deps import Context, CurrentCaller, Now, Uow
from services.settlement.domain.his_codes import CodeLists
from services.settlement.domain.his_message import Message
from services.settlement.usecases.assess_discharge import Rules
from services.settlement.usecases.his_answer_message import answer_message
from services.settlement.usecases.his_case import Case, Desk

router = secured_router(tag="settlement")

_Text = Annotated[str | None, Field(max_length=200)]
_LongText = Annotated[str | None, Field(max_length=4000)]
_Region = Annotated[str | None, Field(pattern=r"^([0-9]{6})?$")]


class MessageIn(RequestModel):
    """The envelope; what `input` must hold is a matter of the transaction and of the field."""

    infno: Annotated[str, Field(pattern=r"^[0-9]{4}[A-Za-z]?$", description="交易编号")]
    msgid: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9]{12}[0-9]{18}$", description="发送方报文ID: 机构编号 12 + 时间 14 + 顺序号 4")
    ]
    fixmedins_code: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{12}$", description="定点医药机构编号")]
    input: Annotated[dict[str, Any], Field(description="交易输入")]
    mdtrtarea_admvs: Annotated[_Region, Field(description="就医地医保区划")] = None
    insuplc_admdvs: Annotated[_Region, Field(description="参保地医保区划")] = None
    recer_sys_code: _Text = None
    dev_no: _Text = None
    dev_safe_info: _LongText = None
    cainfo: _LongText = None
    signtype: _Text = None
    infver: _Text = None
    opter_type: _Text = None
    opter: _Text = None
    opter_name: _Text = None
    inf_time: _Text = None
    fixmedins_name: _Text = None
    sign_no: _Text = None
    fixmedins_soft_fcty: _Text = None
    expContent: Any = None  # noqa: N815 - the platform's spelling
    exp_content: Any = None

    def message(self) -> Message:
        """Return the message."""
        return Message(
            transaction=self.infno,
            message_id=self.msgid,
            institution_code=self.fixmedins_code,
            insured_in=self.insuplc_admdvs or "",
            treated_in=self.mdtrtarea_admvs or "",
            given=self.input,
        )


class MessageOut(ResponseModel):
    """The answering envelope; `infcode` alone decides, `err_msg` is for people."""

    infcode: Literal["0", "-1"]
    inf_refmsgid: str
    refmsg_time: str
    respond_time: str
    enctype: str
    signtype: str
    cainfo: str
    err_msg: str
    warn_msg: str
    output: dict[str, Any]


async def _codes(request: Request) -> CodeLists:
    codes: CodeLists = request.app.state.his_codes
    return codes


Codes = Annotated[CodeLists, Depends(_codes)]


@router.post("/v1/his/messages", response_model=MessageOut, **secured("his"))
async def post_message(
    body: MessageIn, caller: CurrentCaller, context: Context, codes: Codes, uow: Uow, now: Now
) -> Response:
    """Answer one message of the national interface: 1101, 2303 to 2305, 2401, 2402, 2405, 2601, 3201 or 3202.

    Money is yuan as text with two decimals. A repeat with the same `msgid` gets the first answer, byte for byte; a
    refusal (`infcode` -1) left nothing behind and may be sent again.
    """
    require_own(caller, institution_code=body.fixmedins_code)
    rules = Rules(policies=context.policies, person_key=context.person_key, charts=context.charts)
    desk = Desk(rules, context.seal, codes)
    answered = await answer_message(uow, case=Case(body.message(), desk, caller.client_id, now))
    headers = {"Idempotent-Replayed": "true"} if answered.is_replay else None
    return Response(answered.text.encode(), headers=headers, media_type="application/json")
