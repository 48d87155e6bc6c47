"""The green credit file of an enterprise, signed, as JSON and as a PDF, and what it is verified by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, Download, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.errors import NotFound, SigningUnavailable, TooLarge
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from chalicelib.api.models.credit_file import CreditFileOut, CreditKeysOut

api = Blueprint(__name__)
PDF = "application/pdf"


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/credit-file", summary="The enterprise's green credit file, signed",
    action=Action.READ_CREDIT_FILE, query="credit_file.CreditFileQuery", response="credit_file.CreditFileOut",
    problems=(NotFound, TooLarge, SigningUnavailable),
)  # fmt: skip
def get_credit_file(call: Call, enterprise_id: str) -> CreditFileOut:
    from chalicelib.api.models.credit_file import CreditFileOut
    from chalicelib.usecases.export_credit_file import credit_file

    asked, desk = call.query, call.services.credit_desk
    made = credit_file(
        enterprise_id, asked.from_month, asked.to_month, call.person, call.correlation_id, credit_desk=desk
    )
    signed = made.signed
    told = {"payload": signed.payload, "protected": signed.protected, "signature": signed.signature}
    return CreditFileOut.model_validate({"file": made.document, **told})


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/credit-file.pdf", summary="The same as a PDF with a signature that readers show",
    action=Action.READ_CREDIT_FILE, query="credit_file.CreditFileQuery", media_type=PDF,
    problems=(NotFound, TooLarge, SigningUnavailable),
)  # fmt: skip
def get_credit_file_pdf(call: Call, enterprise_id: str) -> Download:
    from chalicelib.usecases.export_credit_file import credit_file_pdf

    asked, desk = call.query, call.services.credit_desk
    data, document = credit_file_pdf(
        enterprise_id,
        asked.from_month,
        asked.to_month,
        call.person,
        call.language,
        call.correlation_id,
        credit_desk=desk,
    )
    who = document["sections"]["identity"]
    title = text("credit.title", call.language)
    return Download(data, PDF, f"{title}_{who['name']}_{document['from']}_{document['to']}.pdf")


@endpoint(
    api, "GET", "/v1/credit-files/keys", summary="Keys and certificates that credit files are verified by",
    action=Action.READ_CREDIT_KEYS, response="credit_file.CreditKeysOut", problems=(SigningUnavailable,),
)  # fmt: skip
def list_credit_keys(call: Call) -> CreditKeysOut:
    from chalicelib.api.models.credit_file import CreditKeyOut, CreditKeysOut
    from chalicelib.usecases.export_credit_file import credit_keys

    found = credit_keys(call.person, credit_signer=call.services.credit_signer)
    return CreditKeysOut(keys=[CreditKeyOut.model_validate(one) for one in found])
