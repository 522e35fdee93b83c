"""The sentences that tell patient and clerk why the share is what it is (结算说明), in Chinese and English.

Room: domain of settlement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.settlement.domain.calculation import Calculation
from services.settlement.domain.counterfactual import Missed
from services.settlement.domain.policy import PolicyVersion
from services.settlement.domain.vocabulary import ORDINARY

ORDINARY_LABEL = "普通参保人员"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence in both languages."""

    zh: str
    en: str


def explanation(
    *, version: PolicyVersion, chosen: Calculation, compared: Sequence[Calculation], missed: Sequence[Missed] = ()
) -> tuple[Sentence, ...]:
    """Return the sentences: policy and class, each layer, what is assumed, what was missed, what the patient pays."""
    told = [_policy(version), _class(version, chosen, compared)]
    told += [Sentence(step.zh, step.en) for step in chosen.preface if step.amount]
    if chosen.nothing_pays is not None:
        told.append(Sentence(chosen.nothing_pays.zh, chosen.nothing_pays.en))
    else:
        told += [
            Sentence(
                f"{layer.label}支付 {layer.paid} 元" if layer.rule else layer.steps[0].zh,
                f"{layer.layer} pays {layer.paid}" if layer.rule else layer.steps[0].en,
            )
            for layer in (*chosen.layers, *chosen.borne)
        ]
    if chosen.gap is not None:
        told.append(Sentence(chosen.gap.step.zh, chosen.gap.step.en))
    assumed = assumed_parameters(calculation=chosen)
    if assumed:
        names = ", ".join(assumed)
        told.append(
            Sentence(f"以下参数为暂定值，待主管部门确认：{names}", f"assumed until the bureau confirms: {names}")
        )
    told += [Sentence(each.zh, each.en) for each in missed]
    told.append(Sentence(f"患者本次应付 {chosen.patient_pays} 元", f"the patient pays {chosen.patient_pays}"))
    return tuple(told)


def assumed_parameters(*, calculation: Calculation) -> tuple[str, ...]:
    """Return the names of the parameters read whose values nobody has confirmed yet, sorted."""
    steps = [*calculation.preface]
    for layer in (*calculation.layers, *calculation.borne):
        steps += layer.steps
    return tuple(sorted({read.name for step in steps for read in step.reads if read.is_assumed}))


def class_label(*, version: PolicyVersion, name: str) -> str:
    """Return the Chinese words of a class."""
    return next((each.label for each in version.classes if each.name == name), ORDINARY_LABEL)


def _policy(version: PolicyVersion) -> Sentence:
    return Sentence(
        f"适用 {version.county} 自 {version.starts_on} 起执行的政策",
        f"policy of county {version.county} in force since {version.starts_on}",
    )


def _class(version: PolicyVersion, chosen: Calculation, compared: Sequence[Calculation]) -> Sentence:
    label = class_label(version=version, name=chosen.benefit_class)
    if chosen.benefit_class == ORDINARY:
        return Sentence(f"按{label}结算", "settled as ordinary insured")
    if len(compared) == 1:
        return Sentence(f"按{label}待遇结算", f"settled as {chosen.benefit_class}")
    return Sentence(
        f"具有多种身份，按个人负担最低的{label}待遇结算，不重复享受",
        f"of {len(compared)} classes {chosen.benefit_class} leaves the patient least; never two at once",
    )
