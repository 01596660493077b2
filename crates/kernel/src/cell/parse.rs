//! What stands in a cell's Rust: items, statements, the variables that they make, the last value.

use ra_ap_syntax::ast::{self, HasAttrs, HasModuleItem, HasName, HasVisibility};
use ra_ap_syntax::{AstNode, Edition, NodeOrToken, SourceFile, SyntaxNode, TextRange};
use std::collections::BTreeSet;
use std::ops::Range;

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
    /// Whether no parser of ours can read it: then it is not taken apart, and the compiler has the last word.
    pub is_unreadable: bool,
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

/// What an item is, as far as names go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A function, constant, type, module, …: names in these namespaces.
    Named,
    /// `macro_rules!`, which must stand before its use.
    Macro,
    /// One name of a `use` line.
    Use,
    /// `use path::*` or `use path as _`.
    NamelessUse,
    /// An `impl`, by its header without parameters and bounds; of what type and of which trait (the last part of each
    /// path).
    Impl {
        header: String,
        of_type: String,
        of_trait: Option<String>,
        members: BTreeSet<String>,
    },
    /// A call of a macro that makes items, `extern` blocks, `const _`.
    Other,
    /// `thread_local!` or `task_local!` with one key.
    LocalKey {
        key: String,
        type_text: String,
        is_task_local: bool,
    },
}

/// The namespaces that a name is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Namespaces {
    pub types: bool,
    pub values: bool,
    pub macros: bool,
}

impl Namespaces {
    const NONE: Namespaces = Namespaces {
        types: false,
        values: false,
        macros: false,
    };
    const ALL: Namespaces = Namespaces {
        types: true,
        values: true,
        macros: true,
    };

    /// Whether two items of one name cannot both be there.
    pub fn meet(self, other: Namespaces) -> bool {
        self.types && other.types || self.values && other.values || self.macros && other.macros
    }
}

/// An item of a cell.
#[derive(Debug, Clone)]
pub struct Item {
    pub kind: Kind,
    /// The name; empty where there is none.
    pub name: String,
    pub namespaces: Namespaces,
    /// Where it stands.
    pub span: Span,
    /// Its text; of a part of a `use` line, the line with that part alone.
    pub text: String,
    /// The names that it can mention: of paths, how they begin.
    pub mentions: BTreeSet<String>,
    /// The statics in it: spans of bytes in [`Item::text`].
    pub statics: Vec<Static>,
    /// The traits that it derives, without the paths to them.
    pub derives: BTreeSet<String>,
    /// Whether it is a type or a trait: what it looks like decides what values of it are.
    pub shapes_values: bool,
}

/// A `static`, wherever it stands in an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Static {
    pub name: String,
    /// Of the whole item, without its attributes and documentation.
    pub span: Span,
    pub visibility: String,
    pub is_mutable: bool,
    pub type_text: String,
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
            add_item(&mut parsed, &item, rust);
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
        is_nameless: value.as_ref().is_some_and(is_nameless),
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

fn text_of(node: &SyntaxNode) -> String {
    node.text().to_string()
}

fn add_item(parsed: &mut Parsed, item: &ast::Item, rust: &str) {
    let node = item.syntax();
    let place = span(node, rust);
    let text = rust.get(place.clone()).unwrap_or_default().to_owned();
    if let ast::Item::Use(line) = item {
        add_imports(parsed, line, &place, rust);
        return;
    }
    if let Some(keys) = local_keys(node, rust) {
        parsed.items.extend(keys);
        return;
    }
    let types = Namespaces {
        types: true,
        ..Namespaces::NONE
    };
    let values = Namespaces {
        values: true,
        ..Namespaces::NONE
    };
    let both = Namespaces {
        types: true,
        values: true,
        macros: false,
    };
    let named = |name: Option<ast::Name>, namespaces, shapes_values| {
        (
            Kind::Named,
            name.map(|name| name.text().to_string()).unwrap_or_default(),
            namespaces,
            shapes_values,
        )
    };
    let (kind, name, namespaces, shapes_values) = match item {
        ast::Item::Fn(it) => named(it.name(), values, false),
        ast::Item::Const(it) if it.name().is_some() => named(it.name(), values, true),
        ast::Item::Static(it) => named(it.name(), values, true),
        ast::Item::Struct(it) => {
            let is_record = matches!(it.field_list(), Some(ast::FieldList::RecordFieldList(_)));
            named(it.name(), if is_record { types } else { both }, true)
        }
        ast::Item::Enum(it) => named(it.name(), types, true),
        ast::Item::Union(it) => named(it.name(), types, true),
        ast::Item::Trait(it) => named(it.name(), types, true),
        ast::Item::TypeAlias(it) => named(it.name(), types, true),
        ast::Item::Module(it) => named(it.name(), types, true),
        ast::Item::MacroRules(it) => (
            Kind::Macro,
            it.name()
                .map(|name| name.text().to_string())
                .unwrap_or_default(),
            Namespaces {
                macros: true,
                ..Namespaces::NONE
            },
            true,
        ),
        ast::Item::ExternCrate(it) => (
            Kind::Use,
            it.rename()
                .and_then(|rename| rename.name())
                .map(|name| name.text().to_string())
                .or_else(|| it.name_ref().map(|name| name.text().to_string()))
                .unwrap_or_default(),
            Namespaces::ALL,
            false,
        ),
        ast::Item::Impl(it) => (impl_kind(it), String::new(), Namespaces::NONE, false),
        _ => (Kind::Other, String::new(), Namespaces::NONE, false),
    };
    let mut mentions = mentions_of(&text);
    mentions.remove(&name);
    parsed.items.push(Item {
        kind,
        name,
        namespaces,
        statics: statics_in(node, &place, rust),
        derives: derives_of(node),
        span: place,
        text,
        mentions,
        shapes_values,
    });
}

/// The traits that a type derives, by the last part of each path.
fn derives_of(node: &SyntaxNode) -> BTreeSet<String> {
    node.children()
        .filter_map(ast::Attr::cast)
        .flat_map(|attribute| {
            let text = attribute.syntax().text().to_string();
            let list = text.split_once("derive(").map(|(_, list)| list.to_owned());
            let list = list.unwrap_or_default();
            let list = list.split(')').next().unwrap_or_default();
            list.split(',')
                .map(last_word)
                .filter(|name| !name.is_empty())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn impl_kind(item: &ast::Impl) -> Kind {
    let of_type = item
        .self_ty()
        .map(|ty| text_of(ty.syntax()))
        .unwrap_or_default();
    let mut header = String::new();
    for part in item.syntax().children_with_tokens() {
        match part {
            NodeOrToken::Node(node) if ast::AssocItemList::can_cast(node.kind()) => break,
            NodeOrToken::Node(node)
                if ast::Attr::can_cast(node.kind())
                    || ast::GenericParamList::can_cast(node.kind())
                    || ast::WhereClause::can_cast(node.kind()) => {}
            NodeOrToken::Token(token) if token.kind().is_trivia() => {}
            other => {
                let text: String = other.to_string().split_whitespace().collect();
                header.push_str(&text);
                header.push(' ');
            }
        }
    }
    let members = item
        .assoc_item_list()
        .map(|list| {
            list.assoc_items()
                .filter_map(|member| match member {
                    ast::AssocItem::Fn(it) => it.name(),
                    ast::AssocItem::Const(it) => it.name(),
                    ast::AssocItem::TypeAlias(it) => it.name(),
                    ast::AssocItem::MacroCall(_) => None,
                })
                .map(|name| name.text().to_string())
                .collect()
        })
        .unwrap_or_default();
    Kind::Impl {
        header,
        of_type: last_word(&of_type),
        of_trait: item
            .trait_()
            .map(|path| text_of(path.syntax()))
            .map(|path| match path.contains('<') {
                true => path,
                false => last_word(&path),
            }),
        members,
    }
}

/// The name of a type without its path and arguments: `a::Point<T>` is `Point`.
fn last_word(type_text: &str) -> String {
    let path = type_text
        .trim_start_matches(['&', ' '])
        .split('<')
        .next()
        .unwrap_or_default();
    path.rsplit("::").next().unwrap_or(path).trim().to_owned()
}

fn statics_in(node: &SyntaxNode, place: &Span, rust: &str) -> Vec<Static> {
    node.descendants()
        .filter_map(ast::Static::cast)
        // One in an `extern` block is somebody else's.
        .filter(|it| it.body().is_some())
        .filter_map(|it| {
            let begin = it
                .visibility()
                .map(|visibility| visibility.syntax().text_range().start())
                .or_else(|| Some(it.static_token()?.text_range().start()))?;
            let whole = shift(TextRange::new(begin, it.syntax().text_range().end()), rust);
            Some(Static {
                name: it.name()?.text().to_string(),
                span: whole.start - place.start..whole.end - place.start,
                visibility: it
                    .visibility()
                    .map(|visibility| text_of(visibility.syntax()))
                    .unwrap_or_default(),
                is_mutable: it.mut_token().is_some(),
                type_text: with_static_lifetimes(&it.ty()?),
            })
        })
        .collect()
}

/// A type as it is written behind `static`, with the lifetimes that may be left out there, and nowhere else.
fn with_static_lifetimes(ty: &ast::Type) -> String {
    let node = ty.syntax();
    let begin = node.text_range().start();
    let mut text = text_of(node);
    // References in the arguments of functions and closures have lifetimes of their own.
    let is_argument = |node: &SyntaxNode| {
        node.ancestors().any(|around| {
            ast::FnPtrType::can_cast(around.kind())
                || ast::ParenthesizedArgList::can_cast(around.kind())
        })
    };
    let mut edits: Vec<(Span, &str)> = Vec::new();
    for inner in node.descendants().filter(|inner| !is_argument(inner)) {
        if let Some(reference) = ast::RefType::cast(inner.clone())
            && reference.lifetime().is_none()
            && let Some(token) = reference.amp_token()
        {
            let place = usize::from(token.text_range().end() - begin);
            edits.push((place..place, "'static "));
        } else if let Some(lifetime) = ast::Lifetime::cast(inner)
            && lifetime.text() == "'_"
        {
            let range = lifetime.syntax().text_range();
            let place = usize::from(range.start() - begin)..usize::from(range.end() - begin);
            edits.push((place, "'static"));
        }
    }
    edits.sort_by_key(|(place, _)| place.start);
    for (place, lifetime) in edits.into_iter().rev() {
        text.replace_range(place, lifetime);
    }
    text
}

/// One item for each name that a `use` line brings.
fn add_imports(parsed: &mut Parsed, line: &ast::Use, place: &Span, rust: &str) {
    let Some(tree) = line.use_tree() else { return };
    let before = shift(
        TextRange::new(
            line.syntax().text_range().start(),
            tree.syntax().text_range().start(),
        ),
        rust,
    );
    // Documentation and comments would span lines.
    let before: String = rust
        .get(before)
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join(" ");
    let mut leaves = Vec::new();
    collect_leaves(&tree, "", &mut leaves);
    for (path, name, node) in leaves {
        let text = format!("{before}{path};");
        let leaf = span(&node, rust);
        let kind = match name.as_str() {
            "" => Kind::NamelessUse,
            _ => Kind::Use,
        };
        let namespaces = if name.is_empty() {
            Namespaces::NONE
        } else {
            Namespaces::ALL
        };
        let mentions = mentions_of(&text);
        parsed.items.push(Item {
            kind,
            name,
            namespaces,
            span: if leaf.is_empty() { place.clone() } else { leaf },
            text,
            mentions,
            statics: Vec::new(),
            derives: BTreeSet::new(),
            shapes_values: true,
        });
    }
}

/// The names of a `use` tree: path, name (empty for `*` and `_`), and where it stands.
fn collect_leaves(
    tree: &ast::UseTree,
    prefix: &str,
    leaves: &mut Vec<(String, String, SyntaxNode)>,
) {
    let own = tree
        .path()
        .map(|path| text_of(path.syntax()))
        .unwrap_or_default();
    let joined = match (prefix.is_empty(), own.is_empty()) {
        (true, _) if tree.path().is_none() && tree.coloncolon_token().is_some() => "::".to_owned(),
        (true, _) => own.clone(),
        (false, true) => prefix.to_owned(),
        (false, false) if prefix == "::" => format!("::{own}"),
        (false, false) => format!("{prefix}::{own}"),
    };
    if let Some(list) = tree.use_tree_list() {
        for child in list.use_trees() {
            collect_leaves(&child, &joined, leaves);
        }
        return;
    }
    let node = tree.syntax().clone();
    if tree.star_token().is_some() {
        let path = if joined.is_empty() || joined == "::" {
            format!("{joined}*")
        } else {
            format!("{joined}::*")
        };
        leaves.push((path, String::new(), node));
        return;
    }
    // `a::{self}` is `a`, of its type alone; a plain `use a` brings that too.
    let path = match joined.strip_suffix("::self") {
        Some(path) => format!("{path}::{{self}}"),
        None => joined.clone(),
    };
    let last = |path: &str| {
        let path = path.strip_suffix("::self").unwrap_or(path);
        path.rsplit("::").next().unwrap_or(path).trim().to_owned()
    };
    match tree.rename() {
        Some(rename) => {
            let name = rename
                .name()
                .map(|name| name.text().to_string())
                .unwrap_or_default();
            let given = if name.is_empty() { "_" } else { &name };
            let path = match joined.strip_suffix("::self") {
                Some(path) => format!("{path}::{{self as {given}}}"),
                None => format!("{joined} as {given}"),
            };
            leaves.push((path, name, node));
        }
        None => leaves.push((path, last(&joined), node)),
    }
}

/// The keys of a `thread_local!` or `task_local!`, an item each.
fn local_keys(node: &SyntaxNode, rust: &str) -> Option<Vec<Item>> {
    let call = node
        .descendants()
        .take(4)
        .find_map(ast::MacroCall::cast)
        .filter(|call| call.syntax().text_range().start() == node.text_range().start())?;
    let path = text_of(call.path()?.syntax());
    let is_task_local = match path.rsplit("::").next()?.trim() {
        "thread_local" => false,
        "task_local" => true,
        _ => return None,
    };
    let arguments = call.token_tree()?;
    let inside = shift(arguments.syntax().text_range(), rust);
    let inside = inside.start + 1..inside.end.saturating_sub(1);
    let text = rust.get(inside.clone())?;
    let keys = SourceFile::parse(text, Edition::CURRENT).tree();
    let place = span(node, rust);
    let mut items = Vec::new();
    for item in keys.items() {
        let ast::Item::Static(key) = item else {
            return None;
        };
        let name = key.name()?.text().to_string();
        let own = text_of(key.syntax());
        let own = own.trim_end().trim_end_matches(';');
        items.push(Item {
            kind: Kind::LocalKey {
                key: format!("{path}! {{ {own}; }}"),
                type_text: text_of(key.ty()?.syntax()),
                is_task_local,
            },
            name,
            namespaces: Namespaces {
                values: true,
                ..Namespaces::NONE
            },
            span: place.clone(),
            text: own.to_owned(),
            mentions: mentions_of(own),
            statics: Vec::new(),
            derives: BTreeSet::new(),
            shapes_values: true,
        });
    }
    (!items.is_empty()).then_some(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_taken_apart() {
        let code = "#![allow(unused)]\nuse a::{b, c as d, e::*, f::{self, g}};\n/// Far.\nfn far() {}\nlet (x, mut y) = f();\nif x { return; }\nlet c = || { return; };\nx + 1";
        let parsed = parse(code);
        let names: Vec<_> = parsed.items.iter().map(|item| item.text.as_str()).collect();
        assert_eq!(
            names,
            [
                "use a::b;",
                "use a::c as d;",
                "use a::e::*;",
                "use a::f::{self};",
                "use a::f::g;",
                "/// Far.\nfn far() {}"
            ]
        );
        assert_eq!(parsed.inner_attributes.len(), 1);
        assert_eq!(parsed.bare_returns.len(), 1);
        let bindings: Vec<_> = parsed.lets.iter().flat_map(|it| &it.bindings).collect();
        assert_eq!(bindings.len(), 3);
        assert!(bindings[1].is_mutable && bindings[1].name == "y");
        assert!(parsed.lets[1].is_nameless);
        let tail = parsed.tail.expect("a tail");
        assert_eq!(&code[tail.span], "x + 1");
        let with_attribute = parse("a;\n#[cfg(unix)]\n{ b }");
        assert!(with_attribute.tail.is_none() && with_attribute.has_statements);
    }

    #[test]
    fn results_at_the_end_are_seen() {
        let of = |code: &str| parse(code).tail.is_some_and(|tail| tail.may_be_result);
        for code in [
            "Ok(())",
            "match a { 1 => Ok(()), _ => Err(\"x\".into()) }",
            "if a { Ok(()) } else { b() }",
            "{ Ok(()) }",
        ] {
            assert!(of(code), "{code}");
        }
        for code in [
            "Ok::<_, String>(1)",
            "a()",
            "async { Ok(()) }",
            "vec![Ok(1)]",
        ] {
            assert!(!of(code), "{code}");
        }
    }

    #[test]
    fn of_a_path_its_beginning_is_mentioned() {
        let of = |text| mentions_of(text).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(of("std::path::PathBuf"), "std");
        assert_eq!(of("Vec<a::B<crate::C>, [u8; N]>"), "C N Vec a crate u8");
        assert_eq!(of("&'a dyn  Fn(::b::D) -> E"), "E Fn a dyn");
    }

    #[test]
    fn programs_are_items_alone() {
        assert!(is_program("use a::b;\n#[tokio::main]\nasync fn main() {}"));
        assert!(is_program("#![forbid(unsafe_code)]\nfn main() {}"));
        assert!(!is_program("fn main() {}\nmain();"));
        assert!(!is_program("fn main() {}\nmain()"));
        assert!(!is_program("fn other() {}"));
    }

    #[test]
    fn what_a_static_refers_to_is_static() {
        let of = |code: &str| parse(code).items[0].statics[0].type_text.clone();
        assert_eq!(of("static A: &str = \"\";"), "&'static str");
        assert_eq!(
            of("static A: (&[&str], Cow<'_, u8>, fn(&str) -> &str) = x;"),
            "(&'static [&'static str], Cow<'static, u8>, fn(&str) -> &str)"
        );
    }

    #[test]
    fn keys_and_statics_are_found() {
        let parsed = parse(
            "thread_local! { static A: u32 = const { 1 }; pub static B: Vec<u8> = Vec::new(); }\nfn f() { static N: u8 = 1; }",
        );
        assert_eq!(parsed.items.len(), 3);
        assert!(
            matches!(&parsed.items[1].kind, Kind::LocalKey { type_text, .. } if type_text == "Vec<u8>")
        );
        let inner = &parsed.items[2];
        assert_eq!(
            &inner.text[inner.statics[0].span.clone()],
            "static N: u8 = 1;"
        );
        assert!(!parsed.has_statements);
    }
}
