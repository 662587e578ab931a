"""How a route is declared: who may use it, how it is guarded, cached and located."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue

from service.facts.permissions import Permission

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


class Audience(StrEnum):
    """Routes that ask for no permission: open to anyone, or to whoever is signed in."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"


class Csrf(StrEnum):
    """What guards an unsafe method: a form token, or a signed path that is itself the authority."""

    FORM = "form"
    SIGNED_PATH = "signed_path"


class Cache(StrEnum):
    """Who may keep the answer: nobody, or anyone for a while."""

    PRIVATE = "private"
    PUBLIC = "public"


class Located(StrEnum):
    """Whether the path carries the locale."""

    PATH = "path"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a route says of itself; `tests/web/test_access.py` walks them all."""

    needs: Permission | Audience
    csrf: Csrf
    cache: Cache
    located: Located


def page(
    blueprint: Blueprint,
    path: str,
    *,
    needs: Permission | Audience,
    methods: tuple[str, ...] = ("GET",),
    csrf: Csrf = Csrf.FORM,
    cache: Cache = Cache.PRIVATE,
    located: Located = Located.PATH,
) -> Callable[[View], View]:
    """Register a view under `/<locale>` + path (or path alone) with its declaration."""
    declaration = Declaration(needs, csrf, cache, located)
    rule = f"/<locale:locale>{path}" if located is Located.PATH else path

    def declare(view: View) -> View:
        earlier = getattr(view, "declaration", declaration)
        if earlier != declaration:
            raise ValueError(f"{view.__name__} is declared twice and differently")
        view.declaration = declaration  # type: ignore[attr-defined]
        blueprint.add_url_rule(rule, view.__name__, view, methods=list(methods))
        return view

    return declare


def one_of(name: str, values: Iterable[str]) -> str:
    """Return the part of a path that takes one of these values and no other."""
    quoted = ",".join(f'"{value}"' for value in values)
    return f"<any({quoted}):{name}>"


def declaration_of(app: Flask, endpoint: str) -> Declaration:
    """Return what the route declares; KeyError for one that declares nothing."""
    view: Any = app.view_functions[endpoint]
    declaration = getattr(view, "declaration", None)
    if not isinstance(declaration, Declaration):
        raise KeyError(endpoint)
    return declaration
