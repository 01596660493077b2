"""The public conformance suite for Jupyter kernels (jupyter_kernel_test), given samples in Rust.

The suite sends each request, validates every message against the protocol's schema, and expects busy, input, outputs
and idle in their order. Left out, because they do not apply: the pager (a kernel need not page; help is displayed)
and `iopub_welcome` (an optional message that needs another kind of socket).
"""

from __future__ import annotations

import jupyter_kernel_test

# The suite waits 15 s for a reply. The kernel warms up behind its first answer, which on a busy machine takes longer.
WARM_UP_SECONDS = 90


class RustKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "rust"
    language_name = "rust"
    file_extension = ".rs"

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        reply = cls.kc.execute_interactive("();", timeout=WARM_UP_SECONDS, output_hook=lambda message: None)
        assert reply["content"]["status"] == "ok", reply["content"]

    code_hello_world = 'println!("hello, world");'
    code_stderr = 'eprintln!("to the other stream");'

    completion_samples = [
        {"text": "std::collections::HashM", "matches": {"HashMap"}},
        {"text": "std::time::Inst", "matches": {"Instant"}},
    ]

    complete_code_samples = [
        "1 + 2",
        "let x = 5;",
        'println!("an open { in a string");',
        "fn double(number: u32) -> u32 {\n    number * 2\n}",
        "async { 1 }.await",
        ":vars",
    ]
    incomplete_code_samples = [
        "fn f() {",
        "let numbers = vec![",
        'println!("no end',
        "match 1 {\n    1 => (),",
        "/* a comment that goes on",
    ]
    invalid_code_samples = ["fn )", "let x = (1];"]

    code_generate_error = 'panic!("x")'

    code_execute_result = [
        {"code": "1+2", "result": "3"},
        {"code": '"text".to_string()', "result": '"text"'},
        {"code": "vec![1, 2, 3]", "result": "[1, 2, 3]"},
        {"code": "async { 6 * 7 }.await", "result": "42"},
    ]
    code_display_data = [
        {
            "code": 'notebook::display::display(&notebook::display::Svg::new("'
            "<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>"
            '"));',
            "mime": "image/svg+xml",
        },
    ]
    code_clear_output = "notebook::display::clear_output(false);"

    code_inspect_sample = "Vec"

    # A glob; of the samples above it fits only the first.
    code_history_pattern = "1?2*"
    supported_history_operations = ("tail", "range", "search")


# Imported by its module only, so that pytest does not collect the suite's own class, which tests the kernel python3.
del jupyter_kernel_test
