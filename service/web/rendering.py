"""How templates run: as Jinja says, but with less work for each value that is shown and for each call.

A list of fifty rows shows two thousand values and calls a thousand macros and functions. Both classes here
stand in places that Jinja's environment has for them.
"""

import re
from types import BuiltinFunctionType, FunctionType
from typing import Any

from flask import Flask
from jinja2 import pass_eval_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.nodes import Block, Expr, FromImport, Import, Include
from jinja2.runtime import Context, Macro
from markupsafe import Markup, escape

_special = re.compile("[&<>\"']").search


def install(app: Flask) -> None:
    """Have every template of the application run so; to be called before the first one is compiled."""
    app.jinja_env.code_generator_class = _Generator
    app.jinja_env.context_class = _Context
    app.jinja_env.shown = shown  # type: ignore[attr-defined]


def shown(value: Any) -> str:
    """Return a value as it is written into HTML: markup as it is, all else escaped.

    Jinja's own way makes a new Markup of each, which is thrown away when the page is joined.
    """
    kind = type(value)
    if kind is str:
        return escape(value) if _special(value) else value
    if kind is Markup:
        return value  # type: ignore[no-any-return]
    return str(value) if kind is int else escape(value)


class _Generator(CodeGenerator):
    """Writes what is shown through `shown`, and hands over a block or an included template in one piece.

    In Jinja each piece of the innermost template goes through all templates and blocks around it.
    """

    def _output_child_pre(self, node: Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.shown(")

    def visit_Block(self, node: Block, frame: Frame) -> None:
        extends = frame.toplevel and (self.has_known_extends or self.extends_so_far)
        if extends or frame.buffer is not None or node.required:
            super().visit_Block(node, frame)
            return
        context = self.derive_context(frame) if node.scoped else self.get_context_ref()
        self.writeline(f"yield ''.join(context.blocks[{node.name!r}][0]({context}))", node)

    def visit_Include(self, node: Include, frame: Frame) -> None:
        if frame.buffer is not None or node.ignore_missing or not node.with_context:
            super().visit_Include(node, frame)
            return
        self.writeline("template = environment.get_or_select_template(", node)
        self.visit(node.template, frame)
        self.write(f", {self.name!r})")
        context = f"template.new_context(context.get_all(), True, {self.dump_local_context(frame)})"
        self.writeline(f"yield ''.join(template.root_render_func({context}))")

    def _import_common(self, node: Import | FromImport, frame: Frame) -> None:
        if node.with_context:
            super()._import_common(node, frame)
            return
        # All templates have the same globals, so none is asked whether it has others than what it imports.
        self.write("environment.get_template(")
        self.visit(node.template, frame)
        self.write(f", {self.name!r})._get_default_module()")


@pass_eval_context
def _marked(_context: object) -> None: ...


# How Jinja marks functions that are called with the context of evaluation first.
_EVALUATING = _marked.jinja_pass_arg  # type: ignore[attr-defined]


class _Context(Context):
    """Calls macros and plain functions without asking each time what they want to be given."""

    def call(__self, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as in Jinja
        if type(__obj) is Macro:
            wants = _EVALUATING
        elif type(__obj) is FunctionType:
            wants = __obj.__dict__.get("jinja_pass_arg")
        elif type(__obj) is BuiltinFunctionType:
            wants = None
        else:
            return super().call(__obj, *args, **kwargs)
        if wants is not None and wants is not _EVALUATING:
            return super().call(__obj, *args, **kwargs)
        kwargs.pop("_loop_vars", None)
        kwargs.pop("_block_vars", None)
        if wants is None:
            return __obj(*args, **kwargs)
        return __obj(__self.eval_ctx, *args, **kwargs)
