"""ASP.NET Core's route templates, as the Functions host uses them: which function answers a path.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#customize-the-http-endpoint
https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints
"""

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote

from localhost.bindings import Function, HttpTrigger
from localhost.errors import HostError

SEGMENT = re.compile(r"(?:\{(?:[^{}]|\{\{|\}\})*\}|[^/{}])+")
PARAMETER = re.compile(r"\{(?P<star>\*{0,2})(?P<name>[^:=?{}]+)(?P<rules>(?:[^{}]|\{\{|\}\})*)\}")
# A rule's argument in brackets may hold anything, e.g. :regex(^\d+$)
RULE = re.compile(r":(?P<rule>\w+)(?:\((?P<argument>.*?)\)(?=[:?=]|$))?")


def _parses(parse: Callable[[str], object]) -> Callable[[str, str], bool]:
    def check(text: str, _argument: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return check


def _whole_between(low: int, high: int) -> Callable[[str, str], bool]:
    return lambda text, _argument: re.fullmatch(r"[+-]?[0-9]+", text) is not None and low <= int(text) <= high


def _in_range(text: str, argument: str) -> bool:
    low, high = (int(bound) for bound in argument.split(","))
    return _whole_between(low, high)(text, "")


def _has_length(text: str, argument: str) -> bool:
    bounds = [int(bound) for bound in argument.split(",")]
    return bounds[0] <= len(text) <= bounds[-1]


CONSTRAINTS: Mapping[str, Callable[[str, str], bool]] = {
    "alpha": lambda text, _: re.fullmatch(r"[A-Za-z]*", text) is not None,
    "bool": lambda text, _: text.lower() in {"true", "false"},
    "datetime": _parses(dt.datetime.fromisoformat),
    "decimal": _parses(float),
    "double": _parses(float),
    "float": _parses(float),
    "guid": _parses(uuid.UUID),
    "int": _whole_between(-(2**31), 2**31 - 1),
    "length": _has_length,
    "long": _whole_between(-(2**63), 2**63 - 1),
    "max": lambda text, bound: _whole_between(-(2**63), int(bound))(text, ""),
    "maxlength": lambda text, bound: len(text) <= int(bound),
    "min": lambda text, bound: _whole_between(int(bound), 2**63 - 1)(text, ""),
    "minlength": lambda text, bound: len(text) >= int(bound),
    "range": _in_range,
    "regex": lambda text, pattern: re.search(pattern, text, re.IGNORECASE) is not None,
    "required": lambda text, _: bool(text),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One {parameter} of a template, its rules as (name, argument)."""

    name: str
    catch_all: bool
    optional: bool
    default: str | None
    rules: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, match: re.Match[str], route: str) -> Self:
        """The parameter that PARAMETER matched; HostError, in ASP.NET's words, for a rule that does not exist."""
        text = match["rules"].replace("{{", "{").replace("}}", "}")
        rules = tuple((rule["rule"].lower(), rule["argument"] or "") for rule in RULE.finditer(text))
        for rule, _ in rules:
            if rule not in CONSTRAINTS:
                raise HostError(f"Route '{route}': the constraint reference '{rule}' could not be resolved to a type.")
        _, has_default, default = RULE.sub("", text).partition("=")
        return cls(match["name"], bool(match["star"]), text.endswith("?"), default if has_default else None, rules)

    def accepts(self, value: str) -> bool:
        """Whether a value keeps all rules."""
        return all(CONSTRAINTS[rule](value, argument) for rule, argument in self.rules)

    @property
    def may_be_missing(self) -> bool:
        """Whether the path may end before it."""
        return self.optional or self.catch_all or self.default is not None


@dataclass(frozen=True, slots=True)
class Route:
    """A template, ready to match: one group of the pattern per parameter."""

    function: Function
    methods: frozenset[str]
    pattern: re.Pattern[str]
    parameters: tuple[Parameter, ...]
    precedence: tuple[int, ...]

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The route's parameters when it answers this method and decoded path."""
        found = self.pattern.fullmatch(path)
        if found is None or (self.methods and method not in self.methods):
            return None
        given = list(zip(self.parameters, found.groups(), strict=True))
        if not all(parameter.accepts(value) for parameter, value in given if value):
            return None
        filled = {parameter.name: value or parameter.default for parameter, value in given}
        return {name: value for name, value in filled.items() if value is not None}


def make_routes(functions: Iterable[Function], prefix: str) -> list[Route]:
    """The routes of all HTTP functions, the most specific first, as ASP.NET Core orders them."""
    bound = ((function, function.trigger) for function in functions)
    routes = [_make_route(function, trigger, prefix) for function, trigger in bound if isinstance(trigger, HttpTrigger)]
    return sorted(routes, key=lambda route: route.precedence)


def find_route(routes: Iterable[Route], method: str, raw_path: str) -> tuple[Function, dict[str, str]] | None:
    """The function for a request and its route parameters, or None: the real host answers 404, also for a wrong method.

    https://github.com/Azure/azure-functions-host/issues/10098
    """
    path = decode_path(raw_path)
    matches = ((route.function, route.match(method, path)) for route in routes)
    return next(((function, values) for function, values in matches if values is not None), None)


def decode_path(raw_path: str) -> str:
    """The path as ASP.NET Core shows it: decoded, except that an escaped slash stays escaped."""
    return unquote(re.sub("%2f", "%252F", raw_path, flags=re.IGNORECASE))


def _make_route(function: Function, trigger: HttpTrigger, prefix: str) -> Route:
    template = "/".join(part for part in (prefix, trigger.route.strip("/")) if part)
    segments = SEGMENT.findall(template)
    if "/".join(segments) != template:
        raise HostError(f"Function '{function.name}': '{template}' is no valid route template.")
    if segments and segments[0].lower() in {"admin", "runtime"}:
        raise HostError(f"Function '{function.name}': the specified route conflicts with one or more built in routes.")
    parameters = tuple(Parameter.read(match, template) for match in PARAMETER.finditer(template))
    # Every segment follows a slash, the path's first one too.
    pattern = "".join(_segment_pattern(segment, template) for segment in segments)
    precedence = tuple(_precedence(segment, template) for segment in segments)
    whole = re.compile(pattern + "/?", re.IGNORECASE | re.DOTALL)
    return Route(function, trigger.methods, whole, parameters, precedence)


def _segment_pattern(segment: str, route: str) -> str:
    whole = PARAMETER.fullmatch(segment)
    if whole is None:
        return "/" + _mixed_pattern(segment)
    parameter = Parameter.read(whole, route)
    value = "(.*)" if parameter.catch_all else "([^/]+)"
    return f"(?:/{value})?" if parameter.may_be_missing else f"/{value}"


def _mixed_pattern(segment: str) -> str:
    texts = re.split(r"\{(?:[^{}]|\{\{|\}\})*\}", segment)
    return "([^/]+)".join(re.escape(text) for text in texts)


def _precedence(segment: str, route: str) -> int:
    # RoutePrecedence.ComputeInbound of ASP.NET Core: literal, mixed or constrained, free, catch-all
    whole = PARAMETER.fullmatch(segment)
    if whole is None:
        return 2 if "{" in segment else 1
    parameter = Parameter.read(whole, route)
    return (5 if parameter.catch_all else 3) - bool(parameter.rules)
