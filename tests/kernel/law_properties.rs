//! The law of the cell for any cells: a body that is cut into cells prints what it prints whole, and cells in any order
//! leave the session usable.

use super::printed;
use client::Kernel;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

/// Statements without borrows that reach over one another, of which each stands on those before it.
fn statements() -> impl Strategy<Value = Vec<String>> {
    let one = prop_oneof![
        (0..3u8, 0..100u32).prop_map(|(name, n)| format!("let v{name} = vec![{n}, {}];", n + 1)),
        (0..3u8).prop_map(|name| format!("let mut v{name} = v{name};\nv{name}.push(7);")),
        (0..3u8, 0..3u8).prop_map(|(to, from)| format!("let v{to} = v{from}.clone();")),
        (0..3u8).prop_map(|name| format!("println!(\"{name}: {{:?}}\", v{name});")),
        (0..3u8).prop_map(|name| format!(
            "fn sum(v: &[u32]) -> u32 {{ v.iter().sum::<u32>() + {name} }}"
        )),
        (0..3u8).prop_map(|name| format!("println!(\"{{}}\", sum(&v{name}));")),
        (0..3u8).prop_map(|name| format!(
            "let task = tokio::spawn({{ let v = v{name}.clone(); async move {{ v.len() }} }});\nprintln!(\"{{}}\", task.await?);"
        )),
        (0..3u8).prop_map(|name| format!(
            "if let Some(last) = v{name}.last() {{ println!(\"last {{last}}\"); }}"
        )),
        Just("let text = String::from(\"a\");\nlet text = text + \"b\";\nprintln!(\"{text}\");".to_owned()),
    ];
    proptest::collection::vec(one, 3..8).prop_map(|statements| {
        let begin = "let v0 = vec![1u32];\nlet v1 = vec![2u32, 3];\nlet v2: Vec<u32> = Vec::new();\nfn sum(v: &[u32]) -> u32 { v.iter().sum() }";
        let mut all: Vec<String> = begin.lines().map(str::to_owned).collect();
        // Two items of one name are an error in one body, and a new version in two cells.
        let mut has_sum = true;
        for statement in statements {
            if statement.starts_with("fn ") && std::mem::replace(&mut has_sum, true) {
                continue;
            }
            all.push(statement);
        }
        all
    })
}

/// A body prints what it prints, in however many cells.
#[tokio::test]
async fn a_body_cut_into_cells_prints_what_the_whole_prints() {
    let mut kernel = Kernel::start().await;
    let mut runner = TestRunner::deterministic();
    let cases = (statements(), proptest::collection::vec(any::<bool>(), 16));
    for _ in 0..6 {
        let (statements, cuts) = cases
            .new_tree(&mut runner)
            .expect("a body can be made")
            .current();
        let whole = kernel.execute(statements.join("\n")).await.ok();
        let expected = printed(whole);
        let mut cells = vec![String::new()];
        for (statement, cut) in statements.iter().zip(cuts.iter().cycle()) {
            if *cut {
                cells.push(String::new());
            }
            let cell = cells.last_mut().expect("there is one");
            cell.push_str(statement);
            cell.push('\n');
        }
        let mut in_cells = String::new();
        for cell in &cells {
            in_cells += &printed(kernel.execute(cell.as_str()).await.ok());
        }
        assert_eq!(in_cells, expected, "in the cells {cells:#?}");
        // Any cell that stands on its own can be run twice.
        for _ in 0..2 {
            let again = printed(kernel.execute(statements.join("\n")).await.ok());
            assert_eq!(again, expected);
        }
    }
}

/// The cells of a notebook, in the order in which they stand; some are edits of earlier ones.
const NOTEBOOK: [&str; 14] = [
    "#[derive(Debug, Clone)]\nstruct Point { x: i32 }",
    "impl Point { fn sum(&self) -> i64 { self.x as i64 } }",
    "trait Area { fn area(&self) -> i64; }\nimpl Area for Point { fn area(&self) -> i64 { self.sum() + 1 } }",
    "fn twice(point: &Point) -> i64 { point.sum() * 2 }",
    "static COUNT: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(1);",
    "let point = Point { x: 3 };",
    "let list = vec![point.clone(); 2];",
    "let task = tokio::spawn(async { 7_i64 });",
    "COUNT.fetch_add(task.await?, std::sync::atomic::Ordering::Relaxed)",
    "(list.len(), twice(&point), point.area())",
    "drop(list);",
    "#[derive(Debug, Clone)]\nstruct Point { x: i64, y: i64 }",
    "let point = Point { x: 4, y: 5 };\nlet doubled = point.sum() * 2;",
    "enum Point { Nowhere }\nlet point = Point::Nowhere;",
];

/// A cell runs or is refused for what its reader can see, in whatever order they are run, and the session stays usable.
#[tokio::test]
async fn the_cells_of_a_notebook_in_any_order_leave_the_session_usable() {
    let mut kernel = Kernel::start().await;
    let mut runner = TestRunner::deterministic();
    let order = proptest::collection::vec(0..NOTEBOOK.len(), 16);
    for _ in 0..3 {
        let order = order.new_tree(&mut runner).expect("an order").current();
        for cell in &order {
            let done = kernel.execute(NOTEBOOK[*cell]).await.into_transcript();
            let said = done.traceback();
            for fault in ["around this cell", "InternalError", "ProcessEnded", "Panic"] {
                assert!(!said.contains(fault), "cell {cell} of {order:?}: {said}");
            }
        }
        kernel
            .execute("let fresh = vec![1, 2];\nfresh.len()")
            .await
            .ok()
            .result("2");
        // From the beginning, in its order, it does what it says.
        for code in &NOTEBOOK[..8] {
            kernel.execute(*code).await.ok();
        }
        kernel.execute(NOTEBOOK[8]).await.ok().result("1");
        kernel.execute(NOTEBOOK[9]).await.ok().result("(2, 6, 4)");
    }
}
