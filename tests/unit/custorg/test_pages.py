import gzip
import json
import re

import pytest

from custorg import pages
from shared.settings import CustOrgSettings
from tests.fakes.directory import TENANT
from tests.unit.http_requests import a_request, answer_of

ADMIN = {"DEV_PRINCIPAL": json.dumps({"name": "jo", "roles": ["SyncAdmin"]})}
OTHER = {"DEV_PRINCIPAL": json.dumps({"name": "jo", "roles": ["Other"]})}


def settings(**given: str) -> CustOrgSettings:
    return CustOrgSettings.read({"ROLE": "custorg", "TENANT_ID": TENANT, "AzureWebJobsStorage": "x"} | given)


def test_every_file_of_the_folder_is_served_or_the_page_itself() -> None:
    files = {file.name for file in pages.FOLDER.iterdir()}

    assert files == {*pages.ASSETS, pages.PAGE}


@pytest.mark.parametrize(("given", "status"), [(ADMIN, 200), (OTHER, 403), ({}, 401)])
def test_the_page_says_to_everybody_what_he_may(given: dict[str, str], status: int) -> None:
    response = pages.page(a_request("GET", "/api/picker"), settings(**given))

    assert response.status_code == status
    assert "<h1>Groups for the sync</h1>" in response.get_body().decode()
    assert response.headers["Cache-Control"] == "no-store"


def test_behind_the_platforms_sign_in_nobody_is_sent_there() -> None:
    response = pages.page(a_request("GET", "/api/picker"), settings(EASY_AUTH="true"))

    assert response.status_code == 302
    assert response.headers["Location"] == "/.auth/login/aad?post_login_redirect_uri=/api/picker"


def test_the_page_names_each_of_its_files_under_their_digest() -> None:
    text = pages.page(a_request("GET", "/api/picker"), settings(**ADMIN)).get_body().decode()
    named = set(re.findall(r'(?:src|href)="/api/picker/([^"]+)"', text))

    assert named == {f"{pages.digest()}/{name}" for name in pages.ASSETS}
    assert "{" not in text.replace("{}", "")


def test_the_scripts_import_nothing_from_elsewhere() -> None:
    scripts = "\n".join(
        (pages.FOLDER / name).read_text() for name, kind in pages.ASSETS.items() if kind == pages.SCRIPT
    )
    imported = set(re.findall(r'from "([^"]+)"', scripts))

    assert imported <= {f"./{name}" for name in pages.ASSETS}
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|https?://", scripts)


def test_a_file_is_zipped_for_who_takes_that() -> None:
    path = f"{pages.digest()}/app.js"
    plain = pages.asset(a_request("GET"), path)
    zipped = pages.asset(a_request("GET", accept_encoding="gzip"), path)

    assert gzip.decompress(zipped.get_body()) == plain.get_body()
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "immutable" in plain.headers["Cache-Control"]
    assert plain.headers["Content-Type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("path", ["", "app.js", "{digest}", "{digest}/", "{digest}/index.html", "{digest}/../pages.py"])
def test_what_is_no_file_is_404(path: str) -> None:
    response = pages.asset(a_request("GET"), path.replace("{digest}", pages.digest()))

    assert (response.status_code, answer_of(response)["error"]) == (404, "not_found")


def test_a_file_that_the_browser_has_is_not_sent_again() -> None:
    path = f"{pages.digest()}/picker.css"
    tag = pages.asset(a_request("GET"), path).headers["ETag"]

    assert pages.asset(a_request("GET", if_none_match=tag), path).status_code == 304
