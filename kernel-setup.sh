#!/usr/bin/env bash
# Sets up async Rust in Jupyter inside this folder, opens JupyterLab, or runs the tests.
# `./kernel-setup.sh --help` says how. Everything it makes is in target/, .cache/ and .venv/:
# delete these three to undo it.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
readonly ROOT=$PWD
readonly VENV=$ROOT/.venv
readonly LOGS=$ROOT/.cache/logs
readonly OLDEST_RUST_MINOR=95  # Rust 1.95
readonly OLDEST_PYTHON_MINOR=10 # Python 3.10
readonly NEEDED_MEGABYTES=4000
# You may have cargo put its files elsewhere; the kernel is then there too.
target=${CARGO_TARGET_DIR:-target}
if [[ $target != /* ]]; then target=$ROOT/$target; fi
readonly KERNEL=$target/release/async-notebook-kernel
readonly FROM_RELEASE=$target/release/taken-from-release # made by tools/release.py
# Two checkouts may share their build folder, and with it the kernel's binary.
export ASYNC_NOTEBOOK_LIBRARY=$ROOT/crates/notebook
readonly FIRST_NOTEBOOK=notebooks/00-start-here.ipynb

print_help() {
    cat <<HELP
Usage: ./kernel-setup.sh [install] [--user]     install the kernel and JupyterLab into this folder
       ./kernel-setup.sh lab [ARGUMENTS…]       install, then open JupyterLab on the first lesson
       ./kernel-setup.sh lessons [NAME…]        install, then compile the lessons' cells before you need them
       ./kernel-setup.sh console                install what lets tokio-console look at a notebook's tasks
       ./kernel-setup.sh test                   install, then check and test everything
       ./kernel-setup.sh --help                 this text

install   The first time takes a while, and each step says how far it is; with nothing changed, a second or two.
          --user also installs the kernel for every JupyterLab of yours, in your home folder;
          to take that back: rm -r ~/.local/share/jupyter/kernels/rust
lab       Passes ARGUMENTS on to JupyterLab, for example: --no-browser --port 9000
          Name a notebook to open another one: ./kernel-setup.sh lab notebooks/08-fetching-urls.ipynb
lessons   Runs each lesson once, or those whose names begin with NAME (08). What it compiles is kept, so that
          hardly any of these cells has to be compiled when you run it: before a class, or for an image.
console   Installs a second kernel, "Rust with tokio-console", and the program tokio-console (into .venv).
test      Ends with one line 'N passed, N failed'. Uses cargo-nextest when you have it.

ASYNC_NOTEBOOK_RELEASE=FOLDER or address of a release: what fits this compiler is taken from it, and not compiled (docs/hosting.md).
It needs Rust 1.$OLDEST_RUST_MINOR or later, Python 3.$OLDEST_PYTHON_MINOR or later and a C compiler, and says how to get what is missing.
HELP
}

# ---- what is shown ----------------------------------------------------------------------------

current_step=''

# begin_step TITLE HOW_LONG: announces a step; finish_step ends it.
begin_step() {
    current_step=$1
    step_started=$SECONDS
    printf '\n==> %s (%s)\n' "$1" "$2"
}

# finish_step RESULT
finish_step() {
    printf '  ✓ %s (%d s)\n' "$1" $((SECONDS - step_started))
    current_step=''
}

free_megabytes() {
    df -Pk "$ROOT" | awk 'NR == 2 { print int($4 / 1024) }'
}

say_what_failed() {
    local status=$? free
    if [[ $status -ne 0 && -n $current_step ]]; then
        printf '\n  ✗ %s: stopped after %d s. What went wrong is said above.\n    %s\n' "$current_step" \
            $((SECONDS - step_started)) 'Fix it and run this again: it goes on where it stopped.' >&2
        # What stopped seldom says so.
        free=$(free_megabytes)
        if [[ $free -lt 200 ]]; then printf '    The disk has %d MB left, which is too little.\n' "$free" >&2; fi
    fi
}
trap say_what_failed EXIT

# show_on_one_line LOG: keeps what it reads in LOG, and on a terminal shows the latest line of it.
show_on_one_line() {
    local line
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$1"
        if [[ -t 1 ]]; then printf '\r\033[K  %.70s' "$line"; fi
    done
    if [[ -t 1 ]]; then printf '\r\033[K'; fi
}

# ---- install: what must be there first --------------------------------------------------------

missing_count=0

# report_missing WHAT WHY COMMAND
report_missing() {
    local command=$3
    missing_count=$((missing_count + 1))
    # root needs no sudo, and a bare system has none.
    if [[ $EUID -eq 0 ]]; then command=${command//sudo /}; fi
    printf '  ✗ %s\n      why: %s\n      get it: %s\n' "$1" "$2" "$command" >&2
}

check_system() {
    local system
    system=$(uname -s)
    if [[ $system == Linux || -n ${UNTRIED_SYSTEM:-} ]]; then return; fi
    report_missing "this is $system: the kernel has been run on Linux only" \
        'it counts on shared objects named .so and on /proc; cells compiled ahead and some checks of exercises fail without' \
        'use Linux, a container (docker/Dockerfile) or WSL 2; or try it here all the same: UNTRIED_SYSTEM=1 ./kernel-setup.sh'
}

# Only before the first build: later ones need little more.
check_folder() {
    if [[ ! -w $ROOT ]]; then
        report_missing "this folder cannot be written: $ROOT" 'all that is made goes into it' \
            'clone the repository into a folder of your own'
        return
    fi
    if [[ -x $KERNEL ]]; then return; fi
    local free
    free=$(free_megabytes)
    if [[ $free -lt $NEEDED_MEGABYTES ]]; then
        report_missing "the disk has $free MB left: about $NEEDED_MEGABYTES MB are needed" \
            'the compiled kernel, library and JupyterLab are that large' "make room on the disk of $ROOT"
    fi
}

check_rust() {
    local version minor
    if ! command -v cargo >/dev/null || ! command -v rustc >/dev/null; then
        report_missing 'Rust (cargo and rustc) is missing' 'the kernel compiles your cells with it' \
            "sudo apt-get install curl && curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh && . \"\$HOME/.cargo/env\""
        return
    fi
    # Here rustup may install the toolchain that rust-toolchain.toml names, and shows that itself.
    if ! version=$(rustc --version) || ! cargo --version >/dev/null; then
        report_missing 'Rust does not start in this folder' 'rust-toolchain.toml asks for the toolchain "stable"' \
            'rustup toolchain install stable --profile minimal'
        return
    fi
    read -r _ version _ <<<"$version"
    IFS=. read -r _ minor _ <<<"$version"
    if [[ $minor -lt $OLDEST_RUST_MINOR ]]; then
        report_missing "Rust $version is too old: 1.$OLDEST_RUST_MINOR or later is needed" \
            'the kernel and the library that cells link to use its features' 'rustup update stable'
        return
    fi
    rust_found="Rust $version"
    check_rust_source
}

# The standard library's source: rust-analyzer, inside the kernel, needs it to know any type.
check_rust_source() {
    local why='the analyser inside the kernel reads the source of the standard library' source
    source=$(rustc --print sysroot)/lib/rustlib/src/rust/library/Cargo.toml
    if [[ -f $source ]]; then return; fi
    if ! command -v rustup >/dev/null; then
        report_missing 'the source of the standard library (rust-src) is missing' "$why" \
            'install Rust by rustup (https://rustup.rs), then: rustup component add rust-src'
        return
    fi
    printf '  The component rust-src is missing; adding it: rustup component add rust-src\n'
    if ! rustup component add rust-src || [[ ! -f $source ]]; then
        report_missing 'the component rust-src could not be added' "$why" \
            'rustup component add rust-src   (it needs the network, this once)'
    fi
}

check_c_compiler() {
    if command -v cc >/dev/null; then return; fi
    report_missing 'a C compiler (cc) is missing' 'Rust links every cell with it' 'sudo apt-get install build-essential'
}

check_python() {
    if ! command -v python3 >/dev/null; then
        report_missing 'Python (python3) is missing' 'JupyterLab runs on it' 'sudo apt-get install python3 python3-venv'
        return
    fi
    python_version=$(python3 -c 'import platform; print(platform.python_version())')
    if ! python3 -c "import sys; sys.exit(sys.version_info < (3, $OLDEST_PYTHON_MINOR))"; then
        report_missing "Python $python_version is too old: 3.$OLDEST_PYTHON_MINOR or later is needed" \
            'JupyterLab runs on it' 'sudo apt-get install python3 python3-venv   (from Debian 12 or Ubuntu 22.04 on)'
    elif ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
        report_missing 'the Python modules venv and ensurepip are missing' 'JupyterLab goes into a folder of its own' \
            'sudo apt-get install python3-venv'
    fi
}

check_prerequisites() {
    begin_step 'Looking for Rust, Python and a C compiler' 'a moment'
    check_system
    check_folder
    check_rust
    check_c_compiler
    check_python
    if [[ $missing_count -gt 0 ]]; then
        printf '\nGet what is marked ✗ and run this again. (The commands are for Debian and Ubuntu.)\n' >&2
        current_step='' && exit 1
    fi
    finish_step "$rust_found, Python $python_version, cc"
}

# ---- install: the steps -----------------------------------------------------------------------

# install_python_packages FILE TITLE HOW_LONG: nothing to do when .venv was made, by this Python in
# this place, from the same file. (A venv cannot be moved: its scripts name their place.)
install_python_packages() {
    local file=$1 stamp=$VENV/installed-$1 wanted log=$LOGS/pip.log
    begin_step "$2" "$3"
    wanted=$(printf '%s\n' "$ROOT" "$python_version" && cat requirements.txt "$file")
    if [[ -f $stamp && $(<"$stamp") == "$wanted" && -x $VENV/bin/python ]]; then
        finish_step 'already there'
        return
    fi
    mkdir -p "$LOGS"
    : >"$log"
    if [[ $file == requirements.txt ]]; then python3 -m venv --clear "$VENV"; fi
    if ! "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off \
        --requirement "$file" 2>&1 | show_on_one_line "$log"; then
        tail -n 15 "$log" >&2
        printf '\n  pip could not install %s: the whole log is .cache/logs/pip.log\n' "$file" >&2
        exit 1
    fi
    # Without its question about news, which would stand before the first lesson.
    "$VENV/bin/jupyter-labextension" disable --level=sys_prefix '@jupyterlab/apputils-extension:announcements' >>"$log" 2>&1
    # nbgrader, which the tests use, would bring its own buttons into JupyterLab.
    "$VENV/bin/jupyter-labextension" disable --level=sys_prefix '@jupyter/nbgrader' >>"$log" 2>&1
    rm -f "$VENV/etc/jupyter/jupyter_server_config.d/nbgrader.json"
    printf '%s\n' "$wanted" >"$stamp"
    finish_step 'in .venv'
}

is_from_release() {
    [[ -f $FROM_RELEASE ]] && python3 tools/release.py check
}

# take_release: whether what is compiled came from a release. Whatever is wrong with it, it is built here instead.
take_release() {
    # What was built here before is soon built again.
    if [[ -z ${ASYNC_NOTEBOOK_RELEASE:-} || (-x $KERNEL && ! -f $FROM_RELEASE) ]]; then return 1; fi
    begin_step 'Taking what is compiled from a release' '13 MB to fetch; 250 MB where the library fits, too'
    if python3 tools/release.py take "$ASYNC_NOTEBOOK_RELEASE"; then
        finish_step 'taken'
    else
        finish_step 'it is built here instead'
        return 1
    fi
}

build_kernel() {
    rm -f "$FROM_RELEASE"
    begin_step 'Building the kernel with cargo' 'about 5 minutes on two cores the first time'
    cargo build --release --locked --package kernel
    finish_step 'built'
}

prebuild_library() {
    begin_step 'Building the library that cells link to, so that your first cell is quick' 'about 3 minutes the first time'
    "$KERNEL" prebuild
    finish_step 'ready'
}

install_kernelspec() {
    begin_step 'Telling JupyterLab about the kernel' 'a moment'
    "$KERNEL" install --prefix "$VENV"
    if [[ $1 == for_user ]]; then "$KERNEL" install --user; fi
    finish_step 'the kernel is called "Rust"'
}

# JupyterLab shows no pictures of a notebook that it does not trust until its cells are run. It notes whom
# it trusts by their content, in .venv: notebooks of one's own, elsewhere, are not touched.
trust_lessons() {
    local stamp=$VENV/trusted-lessons config=$VENV/etc/jupyter/jupyter_config.json lessons log=$LOGS/trust.log
    lessons=(notebooks/[0-9][0-9]*.ipynb notebooks/gallery.ipynb)
    if [[ -f $stamp && -z $(find "${lessons[@]}" -newer "$stamp") ]]; then return; fi
    begin_step 'Trusting the lessons, so that their pictures show' 'a few seconds'
    mkdir -p "$VENV/etc/jupyter" "$LOGS"
    printf '{"NotebookNotary": {"data_dir": "%s"}}\n' "$VENV/share/jupyter/trust" >"$config"
    mkdir -p "$VENV/share/jupyter/trust"
    # jupyter-trust goes by this variable alone, whatever the configuration says.
    if ! JUPYTER_DATA_DIR=$VENV/share/jupyter/trust "$VENV/bin/jupyter-trust" "${lessons[@]}" >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        finish_step 'not trusted: their pictures show when their cells are run'
        return
    fi
    touch "$stamp"
    finish_step "${#lessons[@]} notebooks"
}

# wait_for_others: of two that run at once in this folder, the second waits until the first is done.
wait_for_others() {
    if ! command -v flock >/dev/null; then return; fi
    mkdir -p "$ROOT/.cache"
    exec 9>"$ROOT/.cache/setup.lock"
    if flock --nonblock 9; then return; fi
    printf '\nAnother kernel-setup.sh is at work in this folder: waiting until it is done.\n'
    flock 9
}

# install_everything [for_user]
install_everything() {
    check_prerequisites
    wait_for_others
    install_python_packages requirements.txt 'Installing JupyterLab into .venv' 'about 1 minute the first time'
    if ! is_from_release && ! take_release; then
        build_kernel
    fi
    prebuild_library
    install_kernelspec "${1:-}"
    trust_lessons
    exec 9>&- # JupyterLab must not keep the others waiting
}

# ---- lab --------------------------------------------------------------------------------------

open_lab() {
    local argument own_place=no allow_root=no
    local arguments=()
    for argument in "$@"; do
        case $argument in
            --allow-root | --ServerApp.allow_root=True) allow_root=yes ;;
            *.ipynb | --notebook-dir* | --ServerApp.root_dir* | --help* | -h | --version) own_place=yes ;;
        esac
    done
    if [[ $EUID -eq 0 && $allow_root == no ]]; then
        printf 'You are root, and JupyterLab does not start for root unless told to:\n' >&2
        printf '  ./kernel-setup.sh lab --allow-root\n' >&2
        exit 1
    fi
    if [[ ! " $* " =~ \ --(notebook-dir|ServerApp\.root_dir) ]]; then arguments+=("--notebook-dir=$ROOT"); fi
    if [[ $own_place == no && -f $FIRST_NOTEBOOK ]]; then
        arguments+=("--LabApp.default_url=/lab/tree/$FIRST_NOTEBOOK")
    fi
    install_everything
    printf '\n==> Opening JupyterLab. Ctrl-C, twice, ends it.\n'
    # Our kernel is called "rust"; another one of that name in the home folder must not hide it.
    export JUPYTER_PREFER_ENV_PATH=1 PATH=$VENV/bin:$PATH
    exec "$VENV/bin/jupyter-lab" ${arguments[@]+"${arguments[@]}"} "$@"
}

# ---- lessons ----------------------------------------------------------------------------------

compile_lessons() {
    install_everything
    begin_step "Running the lessons once: what is compiled is kept" 'about half a minute for each'
    # A lesson that fails, on a machine that is too busy for its measurements, is kept as far as it came.
    if "$VENV/bin/python" tools/notebooks.py run --seconds 600 "$@"; then
        finish_step 'compiled'
    else
        finish_step 'compiled, but for what is said above'
    fi
}

# ---- console ----------------------------------------------------------------------------------

# Its own build of the library: what the console reads would slow down everyone else's locks.
install_console() {
    install_everything
    begin_step 'Building the library of the kernel "Rust with tokio-console"' 'about 7 minutes on two cores the first time'
    ASYNC_NOTEBOOK_CONSOLE=1 "$KERNEL" prebuild
    "$KERNEL" install --prefix "$VENV" --name rust-console --console
    finish_step 'ready'
    begin_step 'Installing the program tokio-console' 'about 3 minutes the first time'
    # cargo's own note of what it has installed may be missing where the program is there.
    if ! "$VENV/bin/tokio-console" --version >/dev/null 2>&1; then
        cargo install --locked --quiet --force tokio-console --version "^0.1.14" --root "$VENV"
    fi
    finish_step 'in .venv/bin'
}

# ---- test -------------------------------------------------------------------------------------

passed=0
failed=0
failed_parts=()

# run_part NAME HOW_LONG COMMAND…: runs one part to its end, whatever comes of it, and adds up what
# the closing lines of nextest, cargo test or pytest count. A part that counts nothing is one test.
run_part() {
    local name=$1 status=0 part_passed part_failed log
    log=$LOGS/test-${1// /-}.log
    printf '\n==> Testing: %s (%s)\n' "$name" "$2"
    shift 2
    local started=$SECONDS
    "$@" 2>&1 | tee "$log" || status=$?
    read -r part_passed part_failed < <(count_tests "$log")
    if [[ $status -ne 0 && $part_failed -eq 0 ]]; then part_failed=1; fi
    if [[ $status -eq 0 && $((part_passed + part_failed)) -eq 0 ]]; then part_passed=1; fi
    passed=$((passed + part_passed))
    failed=$((failed + part_failed))
    if [[ $part_failed -gt 0 ]]; then
        failed_parts+=("[$name]")
        printf '  ✗ '
    else
        printf '  ✓ '
    fi
    printf '%s: passed %d, failed %d (%d s)\n' "$name" "$part_passed" "$part_failed" $((SECONDS - started))
}

# count_tests LOG: prints 'PASSED FAILED', summed over every closing line in it. They look like this:
#   nextest:      Summary [   1.2s] 9 tests run: 6 passed (1 slow), 2 failed, 1 timed out, 0 skipped
#   cargo test:   test result: FAILED. 6 passed; 3 failed; 0 ignored; …
#   pytest:       === 2 failed, 6 passed, 1 error in 1.23s ===
count_tests() {
    sed $'s/\x1b\\[[0-9;]*m//g' "$1" | awk '
        /^ *Summary \[/ || /^test result: / || /^=+ .* in [0-9.]+s.* =+$/ {
            for (i = 1; i < NF; i++) {
                if ($i !~ /^[0-9]+$/) continue
                word = $(i + 1)
                if (word ~ /^passed/) passed += $i
                if (word ~ /^failed/ || word ~ /^errors?/ || word == "timed" || word == "exec") failed += $i
            }
        }
        END { print passed + 0, failed + 0 }'
}

# The kernel is tested apart from the rest: tested together, cargo would unite the features of what both
# depend on, and compile evcxr and rust-analyzer a second time. For the same reason all of it is --release.
run_rust_tests() {
    if command -v cargo-nextest >/dev/null; then
        run_part 'kernel' 'about 1 minute' cargo nextest run --release --locked --package kernel --no-tests=pass
        run_part 'other crates' 'about 4 minutes' \
            cargo nextest run --release --locked --workspace --exclude kernel --no-tests=pass
    else
        run_part 'kernel' 'about 1 minute' cargo test --release --locked --package kernel --no-fail-fast
        run_part 'other crates' 'about 4 minutes' cargo test --release --locked --workspace --exclude kernel \
            --no-fail-fast --lib --bins --tests -- --test-threads=2
    fi
    # The types of variables are told by the analyser, or by the compiler: both must come to the same.
    ASYNC_NOTEBOOK_TYPES=compiler run_part 'types by the compiler' 'about 1 minute' \
        cargo test --release --locked --package end-to-end --test kernel -- --test-threads=2 law:: variables::
    run_part 'examples in the documentation' 'about 1 minute' \
        cargo test --release --locked --workspace --exclude kernel --no-fail-fast --doc
}

run_tests() {
    install_everything
    install_python_packages requirements-dev.txt 'Installing what the tests need into .venv' 'about 10 s the first time'
    mkdir -p "$LOGS"
    export ASYNC_NOTEBOOK_KERNEL=$KERNEL JUPYTER_PREFER_ENV_PATH=1
    # The same random cases in each run, so that a change is judged by what it changed. Tests that are run by hand draw new ones.
    export PROPTEST_RNG_SEED=${PROPTEST_RNG_SEED:-1}
    run_part 'format' 'a moment' cargo fmt --all --check
    run_part 'clippy' 'about 3 minutes the first time' \
        cargo clippy --release --workspace --all-targets --locked -- -D warnings
    run_rust_tests
    run_part 'conformance and notebooks' 'about 10 minutes' "$VENV/bin/python" -m pytest tests/python
    run_part 'building the static site' 'about 1 minute' python3 tools/static_site.py
    run_part 'static site' 'about 1 minute' python3 tools/static_site.py check
    if [[ $failed -gt 0 ]]; then
        printf '\nFailed: %s\nWhat each part printed is in .cache/logs/.\n' "${failed_parts[*]}"
    fi
    printf '\n%d passed, %d failed\n' "$passed" "$failed"
    [[ $failed -eq 0 ]]
}

# ---- the command line -------------------------------------------------------------------------

refuse() {
    printf 'kernel-setup.sh: %s\nSee ./kernel-setup.sh --help\n' "$1" >&2
    exit 2
}

command=${1:-install}
case $command in
    -h | --help | help) print_help ;;
    lab)
        shift
        open_lab "$@"
        ;;
    lessons)
        shift
        compile_lessons "$@"
        ;;
    console)
        [[ $# -eq 1 ]] || refuse "'console' takes no further arguments, and got: ${*:2}"
        install_console
        printf '\nDone. In JupyterLab choose Kernel > Change Kernel > Rust with tokio-console, and run a cell with :console\n'
        ;;
    test)
        [[ $# -eq 1 ]] || refuse "'test' takes no further arguments, and got: ${*:2}"
        run_tests
        ;;
    install | --user)
        if [[ $command == install && $# -gt 0 ]]; then shift; fi
        [[ $# -eq 0 || "$*" == --user ]] || refuse "'install' takes only --user, and got: $*"
        install_everything "${1:+for_user}"
        printf '\nDone. Open the first lesson with: ./kernel-setup.sh lab\n'
        ;;
    *) refuse "there is no command '$command'" ;;
esac
