"""Commands about who the customers are: `customers add|list|show|remove`, and `protect`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from servorg.cli import show
from servorg.cli.configure import configuration_facts
from servorg.cli.json_forms import configuration_json, customer_json, write
from servorg.cli.options import examples, json_flag
from servorg.cli.refreshes import refresh_facts, refresh_json

if TYPE_CHECKING:
    from servorg.cli.tools import Tools
    from servorg.customer import Customer


@click.group(epilog=examples("customers list", "customers show contoso"))
def customers() -> None:
    """Add, list, show and remove customers."""


_LEFT_ACCOUNT = (
    "Account {before} is left alone, unless it has the tag of a group in sync mode 4: then whoever is not in it "
    "is taken out. `plan {id}` shows it before anything runs."
)


@customers.command(
    epilog=examples(
        "customers add contoso --name 'Contoso Ltd' --account 17 \\",
        "    --url https://contoso-custorg.azurewebsites.net \\",
        "    --key-secret contoso-function-key",
        "customers add here --name Here --account 18 \\",
        "    --url http://127.0.0.1:7071 --key-setting CUSTOMER_KEY_HERE",
    )
)
@click.argument("customer", metavar="ID")
@click.option("--name", required=True, help="The customer's name, for people.")
@click.option("--url", required=True, help="The address of the CustOrg's function app.")
@click.option("--account", required=True, type=int, metavar="N", help="The customer's account in DeskDirector.")
@click.option("--key-secret", metavar="NAME", help="The Key Vault secret that is the CustOrg's function key.")
@click.option("--key-setting", metavar="NAME", help="For local use: the ServOrg setting that holds the key.")
@click.pass_obj
def add(tools: Tools, /, customer: str, **fields: Any) -> None:
    """Add a customer, or replace the one of this ID.

    An ID has lower-case letters, digits and dashes, at most 50. A replaced customer keeps its configuration, its
    protected addresses, the tenant that its CustOrg answered from, its runs, and its key if none is named.
    """
    known = next((other for other in tools.customers().all() if other.id == customer), None)
    if known and not (fields["key_secret"] or fields["key_setting"]):
        fields |= {"key_secret": known.key_secret, "key_setting": known.key_setting}
    added = tools.customers().put(id=customer, **fields)
    what = "replaced; its configuration stays" if known else "added; see `configure`, then `plan`"
    show.line(show.console(), f"customer {added.id} ({added.name}) {what}")
    if known and known.account != added.account:
        show.line(show.console(), _LEFT_ACCOUNT.format(before=known.account, id=added.id))


@customers.command("list", epilog=examples("customers list", "customers list --json"))
@json_flag
@click.pass_obj
def list_all(tools: Tools, *, as_json: bool) -> None:
    """List the customers by ID."""
    found = tools.customers().all()
    if as_json:
        write([customer_json(customer) for customer in found])
        return
    rows = [(one.id, show.brief(one.name), one.account, one.url) for one in found]
    show.table(show.console(), ("Customer", "Name", "Account", "CustOrg"), rows, whole="Customer")


@customers.command("show", epilog=examples("customers show contoso", "customers show contoso --json"))
@click.argument("customer", metavar="ID")
@json_flag
@click.pass_obj
def show_one(tools: Tools, customer: str, *, as_json: bool) -> None:
    """Show a customer, its configuration and its protected addresses."""
    found = tools.customers().get(customer)
    configuration = tools.customers().configuration(customer)
    protected = tools.customers().protected(customer)
    kept = tools.refreshing().kept.get(customer)
    if as_json:
        more = {"configuration": configuration_json(customer, configuration), "protected": list(protected)}
        write(customer_json(found) | more | {"refresh": refresh_json(kept)})
        return
    to = show.console()
    rows = (
        ("customer", found.id),
        ("name", found.name),
        ("account", found.account),
        ("CustOrg", found.url),
        ("its key", _key(found)),
        ("tenant", found.tenant or "not known before its first answer"),
        *refresh_facts(kept),
        ("protected", protected or "nobody"),
    )
    show.facts(to, (*rows, *configuration_facts(tools, configuration)))


def _key(customer: Customer) -> str:
    if customer.key_secret:
        return f"secret {customer.key_secret} of KEY_VAULT_URL"
    return f"setting {customer.key_setting}" if customer.key_setting else "none"


_REALLY = (
    "Remove customer {name} ({id}, account {account}) with its configuration, its protected addresses and its links, "
    "which cannot be brought back? Contacts and groups in DeskDirector are left as they are, and its runs stay."
)


@customers.command(epilog=examples("customers remove contoso", "customers remove contoso --yes"))
@click.argument("customer", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove(tools: Tools, customer: str, *, yes: bool) -> None:
    """Remove a customer from the books; nothing is changed in DeskDirector.

    Its configuration, its protected addresses and the knowledge of what runs gave go with it. Its runs stay. It asks
    first when somebody can answer; without a terminal it goes on.
    """
    if tools.interactive() and not yes:
        found = tools.customers().get(customer)
        asked = _REALLY.format(name=show.brief(found.name), id=found.id, account=found.account)
        if not click.confirm(asked, err=True):
            raise click.ClickException("nothing was changed")
    tools.customers().remove(customer)
    said = (
        f"customer {customer} is removed with its configuration, its protected addresses and its links; its contacts "
        "and groups in DeskDirector stay as they are, and so does the history of its runs"
    )
    show.line(show.console(), said)


@click.command(epilog=examples("protect contoso boss@contoso.com", "protect contoso boss@contoso.com --remove"))
@click.argument("customer", metavar="ID")
@click.argument("address", metavar="ADDRESS")
@click.option("--remove", "removed", is_flag=True, help="End the protection.")
@click.pass_obj
def protect(tools: Tools, customer: str, address: str, *, removed: bool) -> None:
    """Protect somebody from ever being removed or deactivated.

    No run takes anything from them, whatever Entra says; they may still be added to groups.
    """
    book = tools.customers()
    if removed:
        before = book.protected(customer)
        ended = book.unprotect(customer, address)
        said = "is not protected any more" if ended in before else "was not protected; nothing was changed"
        show.line(show.console(), f"{ended} {said}")
    else:
        show.line(show.console(), f"{book.protect(customer, address)} is protected: nothing is taken away from it")
