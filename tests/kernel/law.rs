//! The law of the cell: what compiles as the body of `async fn main() -> Result<(), Box<dyn Error>>` runs as a cell and
//! does the same. (Programs: [`super::programs`].)

use super::{printed, sessions};
use client::launch::Launch;
use client::{Cell, Kernel};
use std::time::Duration;

/// Runs cells in order: each prints or shows the text beside it.
pub async fn show(kernel: &mut Kernel, cells: &[(&str, &str)]) {
    for (code, expected) in cells {
        let done = kernel.execute(*code).await.ok();
        match expected.strip_prefix("prints ") {
            Some(text) => done.stdout(text),
            None if expected.is_empty() => done,
            None => done.result(expected),
        };
    }
}

#[tokio::test]
async fn what_cannot_be_kept_lives_until_the_end_of_its_cell() {
    let mut kernel = Kernel::start().await;
    let cells = [
        ("let fut = async { 1 };\nfut.await", "1"),
        ("let c = |x: i32| x + 1;\nc(2)", "3"),
        (
            "let it = (0..3).map(|x| x * 2);\nit.collect::<Vec<_>>()",
            "[0, 2, 4]",
        ),
        ("let v = vec![1, 2];\nlet r = &v;\nr.len()", "2"),
        ("v", "[1, 2]"),
        (
            "let semaphore = tokio::sync::Semaphore::new(2);\nlet _permit = semaphore.acquire().await?;\nsemaphore.available_permits()",
            "1",
        ),
        ("semaphore.available_permits()", "2"),
        (
            "let m = std::sync::Mutex::new(1);\nlet mut g = m.lock().unwrap();\n*g += 1;",
            "",
        ),
        ("*m.lock().unwrap()", "2"),
        // What can be kept out of the same pattern is kept.
        ("let (tx, f) = (String::from(\"tx\"), || 3);\nf()", "3"),
        ("tx", "\"tx\""),
    ];
    show(&mut kernel, &cells).await;
    for gone in ["fut", "c", "it", "r", "_permit", "g", "f"] {
        kernel
            .execute(gone)
            .await
            .error("E0425", gone)
            .traceback_contains("lived until the end of cell [");
    }
    // One that shadows a variable ends it: never an old value under a new name.
    kernel.execute("let v = || 5;\nv()").await.ok().result("5");
    kernel
        .execute("v.len()")
        .await
        .failed()
        .traceback_contains("lived until the end of cell");
}

/// What was refused of the documentation's examples, or was another thing in a cell.
#[tokio::test]
async fn what_examples_have_shown() {
    let mut kernel = Kernel::start().await;
    let cells = [
        // The closure is where the reference has to live on, and the error names no variable.
        (
            "let rows = [[\"A0\", \"A1\"], [\"B0\", \"B1\"]];\nlet item = rows.get(0).and_then(|row| row.get(1));\nassert_eq!(item, Some(&\"A1\"));",
            "",
        ),
        ("rows.len()", "2"),
        (
            "#![forbid(unsafe_code)]\nstatic ONE: u8 = 1;\nlet n = ONE; n",
            "1",
        ),
        ("n + ONE", "2"),
        // A macro that makes items may end a function.
        (
            "cfg_select! {\n    unix => { fn on() -> u8 { 1 } }\n    _ => { fn on() -> u8 { 2 } }\n}",
            "",
        ),
        (
            "cfg_select! {\n    unix => { \"unix\" }\n    _ => { \"other\" }\n}",
            "\"unix\"",
        ),
        // The later one has the name, whatever it is.
        ("let a = [1, 2, 3];", ""),
        ("fn a() -> u8 { 7 }\na()", "7"),
        ("a()", "7"),
        ("let a = 8; a", "8"),
        ("a", "8"),
    ];
    show(&mut kernel, &cells).await;
    kernel
        .execute("#![forbid(unsafe_code)]\nunsafe { std::hint::unreachable_unchecked() }")
        .await
        .failed()
        .traceback_contains("unsafe");
}

#[tokio::test]
async fn locals_are_dropped_as_in_a_function_and_once() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute("struct Noisy<'a>(&'a str);\nimpl Drop for Noisy<'_> { fn drop(&mut self) { print!(\"{} \", self.0) } }\nlet names = [String::from(\"a\"), String::from(\"b\"), String::from(\"c\"), String::from(\"d\")];")
        .await
        .ok();
    let body = "let _first = Noisy(&names[0]);
let second = Noisy(&names[1]);
let _second = (Noisy(&names[2]), second).0;
let fourth = Noisy(&names[3]);
if names.len() == 4 { drop(fourth); }
print!(\"end \");";
    // As rustc has it: the moved one at once, the conditionally moved one where it is moved, the others backwards.
    kernel.execute(body).await.ok().stdout("b d end c a ");
    kernel.execute("names.len()").await.ok().result("4");
}

#[tokio::test]
async fn a_cell_ends_as_a_function_does() {
    let mut kernel = Kernel::start().await;
    let cells = [
        ("Ok(())", ""),
        ("return;", ""),
        ("return Ok(());", ""),
        (
            "let n = 3;\nif n == 3 { return Ok(()); }\nprintln!(\"never\");",
            "",
        ),
        ("if true { Ok(()) } else { Err(\"never\".into()) }", ""),
        ("\"7\".parse::<i32>()", "Ok(7)"),
        ("Ok::<i32, String>(4)", "Ok(4)"),
        ("println!(\"p\");\nOk(())", "prints p\n"),
        (
            "for i in 0.. { if i == 2 { return Ok(()); } print!(\"{i}\"); }\nunreachable!()",
            "prints 01",
        ),
        (
            "let text = std::fs::read_to_string(\"/nowhere\").unwrap_or_default();\nOk(())",
            "",
        ),
        ("text", "\"\""),
    ];
    show(&mut kernel, &cells).await;
    kernel
        .execute(
            "let sent: Box<dyn std::error::Error + Send + Sync> = \"a box\".into();\nErr(sent)?;",
        )
        .await
        .error("Error", "a box");
    kernel
        .execute("return Err(\"early\".into());")
        .await
        .error("Error", "early");
    kernel
        .execute("Err(Box::new(std::io::Error::other(\"last\")))")
        .await
        .error("Error", "last");
    kernel
        .execute("std::fs::read(\"/nowhere\")?;")
        .await
        .error("Error", "No such file");
    // What the end did not reach is not there; what was there still is.
    kernel
        .execute("let reached = 1;\nif true { return Ok(()); }\nlet later = 2;")
        .await
        .ok();
    kernel.execute("later").await.error("E0425", "later");
    kernel.execute("text").await.ok().result("\"\"");
}

#[tokio::test]
async fn inner_attributes_are_for_their_cell_alone() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute("#![deny(unused_variables)]\nfn f() { let unused = 1; }")
        .await
        .failed()
        .traceback_contains("unused variable");
    kernel
        .execute("fn f() { let unused = 1; }")
        .await
        .ok()
        .stderr_contains("");
    kernel
        .execute("#![forbid(unsafe_code)]\nunsafe { std::hint::unreachable_unchecked() }")
        .await
        .failed();
    kernel
        .execute("let five = 5;\nunsafe { *(&raw const five) }")
        .await
        .ok()
        .result("5");
}

#[tokio::test]
async fn a_cell_that_is_run_again_replaces_what_it_defined() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(
            Cell::new("struct P { a: u8 }\nimpl P { fn a(&self) -> u8 { self.a } }")
                .with_id("type"),
        )
        .await
        .ok();
    let impls = |n: u8| {
        Cell::new(format!(
            "impl P {{ fn more(&self) -> u8 {{ self.a + {n} }} }}\nimpl std::fmt::Display for P {{ fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{ write!(f, \"{{}}\", self.more()) }} }}\nmacro_rules! n {{ () => {{ {n} }} }}"
        ))
        .with_id("impls")
    };
    for n in [1, 1, 2, 1] {
        kernel.execute(impls(n)).await.ok();
        kernel
            .execute("(P { a: 1 }.to_string(), P { a: 4 }.a(), n!())")
            .await
            .ok()
            .result(&format!("(\"{}\", 4, {n})", 1 + n));
    }
    // An `impl` belongs to its cell: the type's own cell can be run again, in any order.
    kernel
        .execute(
            Cell::new("struct P { a: u8 }\nimpl P { fn a(&self) -> u8 { self.a * 2 } }")
                .with_id("type"),
        )
        .await
        .ok();
    kernel
        .execute("(P { a: 1 }.to_string(), P { a: 4 }.a())")
        .await
        .ok()
        .result("(\"2\", 8)");
    // A front end that names no cells: the same `impl` replaces itself all the same.
    for n in [1, 2] {
        kernel.execute(format!("trait Named {{ fn name() -> u8; }}\nimpl Named for P {{ fn name() -> u8 {{ {n} }} }}")).await.ok();
        kernel
            .execute("P::name()")
            .await
            .ok()
            .result(&n.to_string());
    }
}

#[tokio::test]
async fn a_change_that_breaks_earlier_items_sets_them_aside_and_they_come_back() {
    let mut kernel = Kernel::start().await;
    kernel.execute("enum Light { Red, Green }").await.ok();
    kernel
        .execute("fn name(light: &Light) -> &'static str { match light { Light::Red => \"red\", Light::Green => \"green\" } }")
        .await
        .ok();
    kernel
        .execute("name(&Light::Green)")
        .await
        .ok()
        .result("\"green\"");
    kernel
        .execute("enum Light { Red, Blue }")
        .await
        .ok()
        .stderr_contains("`fn name` of cell [2] is set aside");
    kernel
        .execute("name(&Light::Red)")
        .await
        .error("E0425", "name")
        .traceback_contains("is set aside since cell [4]");
    kernel.execute("enum Light { Red, Green, Blue }").await.ok();
    kernel
        .execute("enum Light { Red, Green }")
        .await
        .ok()
        .stderr_contains("back");
    kernel
        .execute("name(&Light::Green)")
        .await
        .ok()
        .result("\"green\"");
    // A type goes with its impls, `Drop` among them; nothing is set aside for a fault of the cell's own.
    kernel
        .execute("struct Holds(Light);\nimpl Drop for Holds { fn drop(&mut self) { if let Light::Green = self.0 { print!(\"dropped\"); } } }")
        .await
        .ok();
    kernel
        .execute("enum Light { Amber }")
        .await
        .ok()
        .stderr_contains("Holds");
    kernel.execute("Holds(Light::Amber);").await.failed();
    kernel
        .execute("let wrong: u8 = Light::Amber;")
        .await
        .error("E0308", "mismatched");
    kernel.execute("1 + 1").await.ok().result("2");
}

#[tokio::test]
async fn a_value_never_outlives_its_type() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(
            "struct P { a: u8, b: u8 }\ntype Several = Vec<P>;\nstruct Holder { inner: Several }",
        )
        .await
        .ok();
    kernel
        .execute("let p = P { a: 1, b: 2 };\nlet held = Some(Holder { inner: vec![P { a: 3, b: 4 }] });\nlet (sender, receiver) = std::sync::mpsc::channel::<P>();\nlet number = p.a;")
        .await
        .ok();
    kernel
        .execute("struct P { a: String, b: u8 }")
        .await
        .ok()
        .stderr_contains("`p` has ended");
    for gone in ["p", "held", "receiver"] {
        kernel
            .execute(format!("{gone};"))
            .await
            .error("E0425", gone)
            .traceback_contains("was redefined");
    }
    kernel.execute("number").await.ok().result("1");
    // The same text again is the same type.
    kernel
        .execute("let p = P { a: String::from(\"kept\"), b: 1 };")
        .await
        .ok();
    kernel.execute("struct P { a: String, b: u8 }").await.ok();
    kernel.execute("p.a.as_str()").await.ok().result("\"kept\"");
}

/// By whichever way its type is made of what was redefined.
#[tokio::test]
async fn a_value_ends_with_all_that_its_type_is_made_of() {
    let mut kernel = Kernel::start().await;
    for (types, value, redefined) in [
        (
            "mod shapes { pub struct P { pub a: u64 } }\nuse shapes::*;\nstruct Holder { p: P }",
            "let value = Holder { p: P { a: 1 } };",
            "mod shapes { pub struct P { pub a: String } }",
        ),
        (
            "struct Conf;\nimpl Conf { const N: usize = 4; }\nstruct Buf { data: [u8; Conf::N] }",
            "let value = Buf { data: [1; Conf::N] };",
            "impl Conf { const N: usize = 4000; }",
        ),
        (
            "const fn size() -> usize { 4 }\nstruct Made { data: [u8; size()] }",
            "let value = Made { data: [1; size()] };",
            "const fn size() -> usize { 4000 }",
        ),
        (
            "trait Tr { type Out; }\nimpl<T> Tr for T { type Out = u64; }\nstruct Told(<u8 as Tr>::Out);",
            "let value = Told(1);",
            "impl<T> Tr for T { type Out = String; }",
        ),
    ] {
        kernel.execute(types).await.ok();
        kernel.execute(value).await.ok();
        kernel
            .execute(redefined)
            .await
            .ok()
            .stderr_contains("`value` has ended");
        kernel.execute("&value;").await.error("E0425", "value");
    }
}

#[tokio::test]
async fn a_cell_that_is_run_again_makes_all_of_it_anew() {
    let mut kernel = Kernel::start().await;
    // A variable of its function's name.
    let named = "fn answer() -> i32 { 42 }\nlet answer = answer();\nanswer";
    show(
        &mut kernel,
        &[(named, "42"), (named, "42"), ("answer", "42")],
    )
    .await;
    // A closure whose type was written.
    let closure = "let double: fn(i32) -> i32 = |x| x * 2;";
    show(&mut kernel, &[(closure, ""), ("double(4)", "8")]).await;
    // All of one module, and then all of another.
    for (edited, shown) in [("tokio", "false"), ("std", "false")] {
        let cell = format!(
            "use {edited}::sync::*;\nlet mutex = Mutex::new(1);\nmutex.try_lock().is_err()"
        );
        let cell = Cell::new(cell).with_id("globs");
        kernel.execute(cell).await.ok().result(shown);
    }
    // One's own function may have the name of a question that newcomers ask.
    show(
        &mut kernel,
        &[("fn help() -> u8 { 1 }", ""), ("help()", "1")],
    )
    .await;
}

#[tokio::test]
async fn a_static_is_one_thing_for_all_cells_and_tasks() {
    let mut kernel = Kernel::start().await;
    let cells = [
        (
            "use std::sync::atomic::{AtomicU32, Ordering::Relaxed};\nuse std::sync::{LazyLock, Mutex, OnceLock};",
            "",
        ),
        (
            "static N: AtomicU32 = AtomicU32::new(0);\nstatic LIST: LazyLock<Mutex<Vec<u8>>> = LazyLock::new(|| Mutex::new(vec![1]));\nstatic ONCE: OnceLock<String> = OnceLock::new();\nthread_local! { static LOCAL: std::cell::Cell<u8> = std::cell::Cell::new(1); }\ntokio::task_local! { static REQUEST: u32; }\nfn next() -> u32 { static INNER: AtomicU32 = AtomicU32::new(10); INNER.fetch_add(1, Relaxed) }",
            "",
        ),
        ("N.fetch_add(1, Relaxed)", "0"),
        (
            "let task = tokio::spawn(async { N.fetch_add(1, Relaxed) });\ntask.await?",
            "1",
        ),
        ("N.fetch_add(1, Relaxed)", "2"),
        (
            "LIST.lock().unwrap().push(2);\nONCE.set(String::from(\"once\")).is_ok()",
            "true",
        ),
        (
            "(LIST.lock().unwrap().clone(), ONCE.get())",
            "([1, 2], Some(\"once\"))",
        ),
        ("LOCAL.set(LOCAL.get() + 1);", ""),
        ("LOCAL.get()", "2"),
        ("(next(), next())", "(10, 11)"),
        ("next()", "12"),
        ("REQUEST.scope(7, async { REQUEST.get() }).await", "7"),
        ("static mut RAW: u8 = 1;", ""),
        ("unsafe { RAW += 1; }", ""),
        ("unsafe { RAW }", "2"),
        // Run again, it begins anew.
        ("static N: AtomicU32 = AtomicU32::new(50);", ""),
        ("N.fetch_add(1, Relaxed)", "50"),
        (
            "#[unsafe(no_mangle)] pub extern \"C\" fn exported() -> i32 { 1 }",
            "",
        ),
        ("exported()", "1"),
        (
            "#[unsafe(no_mangle)] pub extern \"C\" fn exported() -> i32 { 2 }",
            "",
        ),
        ("exported()", "2"),
    ];
    show(&mut kernel, &cells).await;
    kernel
        .execute("std::process::abort()")
        .await
        .error("ProcessEnded", "");
    let cells = [
        ("N.fetch_add(1, Relaxed)", "50"),
        ("N.fetch_add(1, Relaxed)", "51"),
        ("LOCAL.get()", "1"),
    ];
    show(&mut kernel, &cells).await;
}

#[tokio::test]
async fn blocking_on_a_runtime_works_in_a_cells_own_code() {
    let mut kernel = Kernel::start().await;
    let cells = [
        ("tokio::runtime::Runtime::new()?.block_on(async { 1 })", "1"),
        (
            "tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async { tokio::time::sleep(std::time::Duration::from_millis(1)).await; 2 })",
            "2",
        ),
        (
            "tokio::runtime::Handle::current().block_on(async { 3 })",
            "3",
        ),
        (
            "let runtime = tokio::runtime::Runtime::new()?;\nruntime.block_on(async { tokio::spawn(async { 4 }).await })?",
            "4",
        ),
        ("drop(runtime);", ""),
        (
            "let local = tokio::task::LocalSet::new();\nlet own = tokio::runtime::Runtime::new()?;\nlocal.block_on(&own, async { tokio::task::spawn_local(async { 5 }).await })?",
            "5",
        ),
        (
            "let (sender, mut receiver) = tokio::sync::mpsc::channel(1);\nsender.blocking_send(6)?;\nreceiver.blocking_recv()",
            "Some(6)",
        ),
        ("tokio::task::block_in_place(|| 7)", "7"),
        // Inside a task the rules are tokio's.
        (
            "tokio::spawn(async { tokio::runtime::Runtime::new().unwrap().block_on(async {}) }).await.is_err()",
            "true",
        ),
    ];
    for (code, expected) in cells {
        let done = kernel.execute(code).await.ok().stderr_contains("");
        if !expected.is_empty() {
            done.result(expected);
        }
    }
    // tokio's budget is in force: a loop that is always ready still lets a timeout fire.
    kernel
        .execute(
            "let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel::<u8>();
sender.send(1)?;
let endless = async { while let Some(n) = receiver.recv().await { sender.send(n).unwrap(); } };
tokio::time::timeout(std::time::Duration::from_millis(50), endless).await.is_err()",
        )
        .await
        .ok()
        .result("true");
}

/// A checkout may lie where its path has spaces, umlauts, and more bytes than the path of a socket may have.
#[tokio::test]
async fn a_folder_with_a_long_name_and_spaces_is_a_folder() {
    let folder = tempfile::Builder::new()
        .prefix("ein Ordner mit Umläuten und Leerzeichen, dessen Name länger ist, als der Pfad eines Sockets sein darf ")
        .tempdir()
        .expect("a temporary folder");
    let cache = folder.path().join("cache");
    // What is built already is moved along, as with a checkout that is moved: what depends on its place is built anew.
    let known = sessions().with_file_name("prebuilt");
    std::fs::create_dir(&cache).expect("a folder");
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .args([&known, &cache])
        .status();
    assert!(copied.is_ok_and(|status| status.success()));
    let mut kernel = Launch::kernel()
        .env("ASYNC_NOTEBOOK_CACHE", &cache)
        .start()
        .await;
    // The first cell waits until what cells link to is built there.
    let first = Cell::new("let n = 40 + 2;\nprintln!(\"{n}\");").within(Duration::from_secs(900));
    let first = kernel.execute(first).await.ok();
    assert_eq!(printed(first), "42\n");
    kernel
        .execute("tokio::spawn(async move { n }).await?")
        .await
        .ok()
        .result("42");
    kernel
        .execute("fn main() { println!(\"a program\"); }")
        .await
        .ok()
        .stdout("a program\n");
    assert!(cache.join("sessions").is_dir());
}
