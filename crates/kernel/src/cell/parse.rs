//! What stands in a cell's Rust: items, statements, the variables that they make, the last value.

mod items;

use items::{items_of, local_keys};
use ra_ap_syntax::ast::{self, HasAttrs, HasModuleItem, HasName};
use ra_ap_syntax::{AstNode, Edition, SourceFile, SyntaxNode, TextRange};
use std::collections::BTreeSet;
use std::ops::Range;

pub use items::{Item, Kind, Namespaces, Static};

/// A cell is parsed as the body of a function.
const OPENING: &str = "async fn cell() {\n";

/// Bytes of a cell's Rust.
pub type Span = Range<usize>;

/// A cell's Rust, taken apart. Spans are bytes of [`Parsed::text`].
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// The Rust, on the cell's own lines and columns.
    pub text: String,
    /// `#![…]`, which are for this cell alone.
    pub inner_attributes: Vec<Span>,
    pub items: Vec<Item>,
    /// Where items stand: whole `use` lines, and not their parts.
    pub item_lines: Vec<Span>,
    pub lets: Vec<Let>,
    /// The last expression, when no `;` follows it.
    pub tail: Option<Tail>,
    /// `return` without a value, in the cell's own code.
    pub bare_returns: Vec<Span>,
    /// Whether anything but items stands in it.
    pub has_statements: bool,
    /// Every word of the text, also those in strings: what the cell can mention.
    pub words: BTreeSet<String>,
}

/// The last expression of a cell.
#[derive(Debug, Clone)]
pub struct Tail {
    pub span: Span,
    /// Whether it may be a `Result` without a value, as a function's last line is: `Ok(())`, `Err(…)`.
    pub may_be_result: bool,
    /// Whether it is `return …`, or another expression that never has a value.
    pub is_return: bool,
}

/// A `let` at the top level of a cell.
#[derive(Debug, Clone)]
pub struct Let {
    /// Of the whole statement.
    pub span: Span,
    /// From `let` to the end of the pattern's type: what to blank out to make it an assignment.
    pub head: Span,
    /// The type that was written.
    pub type_text: Option<String>,
    pub bindings: Vec<Binding>,
    /// Whether the pattern is one name.
    pub is_simple: bool,
    /// Whether it is plain that its value has a type without a name: a closure, an `async` block.
    pub is_nameless: bool,
    pub has_value: bool,
}

impl Let {
    /// Whether it makes a variable of this name.
    pub fn binds(&self, name: &str) -> bool {
        self.bindings.iter().any(|binding| binding.name == name)
    }
}

/// A variable that a pattern makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub name: String,
    pub is_mutable: bool,
    /// Of the name.
    pub span: Span,
}

/// Takes a cell's Rust apart. Text that no parser can read gives what can be told of it.
pub fn parse(rust: &str) -> Parsed {
    let source = format!("{OPENING}{rust}\n}}");
    let tree = SourceFile::parse(&source, Edition::CURRENT).tree();
    let mut parsed = Parsed {
        text: rust.to_owned(),
        words: words_of(rust),
        ..Parsed::default()
    };
    let body = tree.items().find_map(|item| match item {
        ast::Item::Fn(function) => function.body()?.stmt_list(),
        _ => None,
    });
    let Some(body) = body else { return parsed };
    let mut children: Vec<SyntaxNode> = body.syntax().children().collect();
    let tail = body.tail_expr().map(|tail| tail.syntax().clone());
    children.retain(|child| Some(child) != tail.as_ref());
    for child in children {
        let child_span = span(&child, rust);
        if ast::Attr::can_cast(child.kind()) {
            parsed.inner_attributes.push(child_span);
        } else if let Some(item) = ast::Item::cast(child.clone()) {
            parsed.item_lines.push(child_span);
            parsed.items.extend(items_of(&item, rust));
        } else if let Some(statement) = ast::LetStmt::cast(child.clone()) {
            parsed.has_statements = true;
            parsed.lets.extend(let_of(&statement, rust));
            find_bare_returns(&child, rust, &mut parsed.bare_returns);
        } else if let Some(key) = local_keys(&child, rust) {
            parsed.item_lines.push(child_span);
            parsed.items.extend(key);
        } else {
            parsed.has_statements = true;
            find_bare_returns(&child, rust, &mut parsed.bare_returns);
        }
    }
    if let Some(tail) = tail {
        // An attribute may stand on a statement, and on no expression.
        let is_statement = tail.text().to_string().starts_with('#');
        if let Some(key) = local_keys(&tail, rust) {
            parsed.item_lines.push(span(&tail, rust));
            parsed.items.extend(key);
        } else {
            parsed.has_statements = true;
            find_bare_returns(&tail, rust, &mut parsed.bare_returns);
            let mut attributes_begin = span(&tail, rust);
            attributes_begin.end = attributes_begin.end.min(rust.len());
            let value = ast::Expr::cast(tail).filter(|_| !is_statement);
            parsed.tail = value.map(|expression| Tail {
                span: attributes_begin,
                may_be_result: may_be_result(&expression),
                is_return: matches!(expression, ast::Expr::ReturnExpr(_)),
            });
        }
    }
    parsed
}

/// Whether a text is a program: items alone, with a function `main` among them.
pub fn is_program(rust: &str) -> bool {
    let parse = SourceFile::parse(rust, Edition::CURRENT);
    let has_main = parse.tree().items().any(|item| match item {
        ast::Item::Fn(function) => function.name().is_some_and(|name| name.text() == "main"),
        _ => false,
    });
    has_main && parse.errors().is_empty()
}

/// The words of a text: what may be names, wherever they stand.
pub fn words_of(text: &str) -> BTreeSet<String> {
    text.split(|character: char| !character.is_alphanumeric() && character != '_')
        .filter(|word| word.starts_with(|first: char| first.is_alphabetic() || first == '_'))
        .map(str::to_owned)
        .collect()
}

/// The names that a text can mention of what is beside it: its words, but of `a::b::c` only `a`, and of `crate::a` and
/// its like `a`.
pub fn mentions_of(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = text;
    // The word before, where `::` and nothing else stands between it and the next one.
    let mut before: Option<&str> = None;
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    while let Some(begin) = rest.find(is_part) {
        let (between, word_on) = rest.split_at(begin);
        let end = word_on.find(|next| !is_part(next)).unwrap_or(word_on.len());
        let (word, after) = word_on.split_at(end);
        let is_inner = between.trim().ends_with("::")
            && !before.is_some_and(|before| ["crate", "self", "super", "Self"].contains(&before));
        if !is_inner && !word.starts_with(|first: char| first.is_numeric()) {
            found.insert(word.to_owned());
        }
        before = Some(word);
        rest = after;
    }
    found
}

fn shift(range: TextRange, rust: &str) -> Span {
    let place = |offset: ra_ap_syntax::TextSize| {
        usize::from(offset)
            .saturating_sub(OPENING.len())
            .min(rust.len())
    };
    place(range.start())..place(range.end())
}

fn span(node: &SyntaxNode, rust: &str) -> Span {
    shift(node.text_range(), rust)
}

fn let_of(statement: &ast::LetStmt, rust: &str) -> Option<Let> {
    let pattern = statement.pat()?;
    let mut bindings: Vec<Binding> = Vec::new();
    for name in pattern
        .syntax()
        .descendants()
        .filter_map(ast::IdentPat::cast)
    {
        let Some(identifier) = name.name() else {
            continue;
        };
        let text = identifier.text().to_string();
        let is_whole_pattern = name.syntax() == pattern.syntax();
        // `None` and constants look like names in a pattern.
        let is_constant = !is_whole_pattern
            && name.pat().is_none()
            && text.starts_with(|first: char| first.is_uppercase());
        if is_constant || bindings.iter().any(|known| known.name == text) {
            continue;
        }
        bindings.push(Binding {
            name: text,
            is_mutable: name.mut_token().is_some(),
            span: span(identifier.syntax(), rust),
        });
    }
    let is_simple = matches!(&pattern, ast::Pat::IdentPat(name)
        if name.ref_token().is_none() && name.pat().is_none())
        && statement.let_else().is_none()
        && statement.attrs().next().is_none();
    let whole = span(statement.syntax(), rust);
    let let_token = statement.let_token()?;
    let head_end = statement
        .ty()
        .map_or(pattern.syntax().text_range().end(), |ty| {
            ty.syntax().text_range().end()
        });
    let value = statement.initializer();
    Some(Let {
        head: shift(
            TextRange::new(let_token.text_range().start(), head_end),
            rust,
        ),
        span: whole,
        type_text: statement.ty().map(|ty| ty.syntax().text().to_string()),
        bindings,
        is_simple,
        is_nameless: statement.ty().is_none() && value.as_ref().is_some_and(is_nameless),
        has_value: value.is_some(),
    })
}

fn is_nameless(value: &ast::Expr) -> bool {
    match value {
        ast::Expr::ClosureExpr(_) => true,
        ast::Expr::BlockExpr(block) => block.async_token().is_some(),
        ast::Expr::ParenExpr(inner) => inner.expr().as_ref().is_some_and(is_nameless),
        _ => false,
    }
}

/// Whether some way through an expression ends in `Ok(…)` or `Err(…)`.
fn may_be_result(expression: &ast::Expr) -> bool {
    match expression {
        ast::Expr::CallExpr(call) => call.expr().is_some_and(|function| {
            ["Ok", "Err"].contains(&function.syntax().text().to_string().as_str())
        }),
        ast::Expr::ParenExpr(inner) => inner.expr().as_ref().is_some_and(may_be_result),
        ast::Expr::BlockExpr(block) => {
            block.async_token().is_none()
                && block
                    .stmt_list()
                    .and_then(|list| list.tail_expr())
                    .as_ref()
                    .is_some_and(may_be_result)
        }
        ast::Expr::IfExpr(condition) => {
            let then = condition
                .then_branch()
                .and_then(|block| block.stmt_list()?.tail_expr());
            let otherwise = match condition.else_branch() {
                Some(ast::ElseBranch::Block(block)) => {
                    block.stmt_list().and_then(|list| list.tail_expr())
                }
                Some(ast::ElseBranch::IfExpr(other)) => Some(ast::Expr::IfExpr(other)),
                None => None,
            };
            [then, otherwise].iter().flatten().any(may_be_result)
        }
        ast::Expr::MatchExpr(choice) => choice.match_arm_list().is_some_and(|arms| {
            arms.arms()
                .any(|arm| arm.expr().as_ref().is_some_and(may_be_result))
        }),
        _ => false,
    }
}

/// Finds each `return` without a value that leaves the cell itself.
fn find_bare_returns(node: &SyntaxNode, rust: &str, found: &mut Vec<Span>) {
    if ast::Item::can_cast(node.kind()) || ast::ClosureExpr::can_cast(node.kind()) {
        return;
    }
    if let Some(block) = ast::BlockExpr::cast(node.clone())
        && (block.async_token().is_some() || block.const_token().is_some())
    {
        return;
    }
    if let Some(expression) = ast::ReturnExpr::cast(node.clone())
        && expression.expr().is_none()
    {
        found.push(span(node, rust));
    }
    for child in node.children() {
        find_bare_returns(&child, rust, found);
    }
}

#[cfg(test)]
mod tests;
