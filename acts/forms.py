"""Forms 1 to 3, whichever a document is: as PDF, and as its accessible page."""

from acts.contracts import ActDocument, Language, OutsiderDocument
from acts.form1 import render_act
from acts.form2 import render_refusal
from acts.form3 import render_outsider
from acts.html import render_act_html
from acts.html_forms import render_outsider_html, render_refusal_html
from acts.record import AnyAct


def render_form(document: AnyAct, language: Language) -> bytes:
    """PDF; deterministic. Raises DocumentInvalid."""
    if isinstance(document, ActDocument):
        return render_act(document, language)
    if isinstance(document, OutsiderDocument):
        return render_outsider(document, language)
    return render_refusal(document, language)


def render_form_html(document: AnyAct, language: Language) -> bytes:
    """UTF-8. Raises DocumentInvalid."""
    if isinstance(document, ActDocument):
        return render_act_html(document, language)
    if isinstance(document, OutsiderDocument):
        return render_outsider_html(document, language)
    return render_refusal_html(document, language)
