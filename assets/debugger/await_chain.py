"""A command for gdb: `await-chain VARIABLE` prints what a suspended future waits for, future by future.

An async function is compiled to an enum: a variant for each await, which holds the variables that live across it. What is
awaited there is the field `__awaitee`. So the chain is a walk along these fields, for which the program needs debug info (`cargo
build` has it, `--release` doesn't).
"""

import re

import gdb


def value_of(future):
    """Without the references, pins and boxes around it."""
    while True:
        kind = future.type.strip_typedefs()
        fields = [field.name for field in kind.fields()] if kind.code == gdb.TYPE_CODE_STRUCT else []
        if kind.code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_REF):
            future = future.dereference()
        elif len(fields) == 1 and fields[0] in ("pointer", "__pointer"):
            future = future[fields[0]]
        else:
            return future


def state_of(future):
    """The name of the active variant and what it holds, where the future is one of an async function or block."""
    if future.type.strip_typedefs().code != gdb.TYPE_CODE_STRUCT:
        return None, None
    for field in future.type.fields():
        name = str(field.type).rpartition("::")[2]
        if re.fullmatch(r"Suspend\d+|Unresumed|Returned|Panicked", name):
            return name, future[field]
    return None, None


class AwaitChain(gdb.Command):
    def __init__(self):
        super().__init__("await-chain", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        future, depth = value_of(gdb.parse_and_eval(argument)), 0
        while True:
            name = str(future.type).replace("{async_fn_env#0}", "").rstrip(":")
            state, held = state_of(future)
            if state is None:
                print("  " * depth + str(future))
                return
            fields = dict.fromkeys(field.name for field in held.type.fields())
            values = [f"{field} = {held[field]}" for field in fields if field and not field.startswith("__")]
            print("  " * depth + f"{name}, {state}" + (": " + ", ".join(values) if values else ""))
            if not state.startswith("Suspend"):
                return
            future, depth = value_of(held["__awaitee"]), depth + 1


AwaitChain()
