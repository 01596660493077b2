//! The binary `services`: its command line, and all that this starts, is in the library.

fn main() -> std::process::ExitCode {
    services::command_line::main()
}
