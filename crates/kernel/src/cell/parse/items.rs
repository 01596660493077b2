//! The items of a cell: their names, what they mention, their `impl`s, statics and keys.

use super::{Span, mentions_of, shift, span};
use ra_ap_syntax::ast::{self, HasModuleItem, HasName, HasVisibility};
use ra_ap_syntax::{AstNode, Edition, NodeOrToken, SourceFile, SyntaxNode, TextRange};
use std::collections::BTreeSet;

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
    /// Whether what it looks like decides what values are: types, traits, constants, what computes these, and what says
    /// the types and constants of an `impl`.
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

fn text_of(node: &SyntaxNode) -> String {
    node.text().to_string()
}

/// What an item brings: itself, each name of a `use` line, each key of a macro of keys.
pub(super) fn items_of(item: &ast::Item, rust: &str) -> Vec<Item> {
    let node = item.syntax();
    let place = span(node, rust);
    let text = rust.get(place.clone()).unwrap_or_default().to_owned();
    if let ast::Item::Use(line) = item {
        return imports_of(line, &place, rust);
    }
    if let Some(keys) = local_keys(node, rust) {
        return keys;
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
        ast::Item::Fn(it) => named(it.name(), values, it.const_token().is_some()),
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
        ast::Item::Impl(it) => {
            let shapes_values = ["type ", "const "].iter().any(|part| text.contains(part));
            (
                impl_kind(it),
                String::new(),
                Namespaces::NONE,
                shapes_values,
            )
        }
        _ => (Kind::Other, String::new(), Namespaces::NONE, false),
    };
    let mut mentions = mentions_of(&text);
    mentions.remove(&name);
    vec![Item {
        kind,
        name,
        namespaces,
        statics: statics_in(node, &place, rust),
        derives: derives_of(node),
        span: place,
        text,
        mentions,
        shapes_values,
    }]
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
fn imports_of(line: &ast::Use, place: &Span, rust: &str) -> Vec<Item> {
    let Some(tree) = line.use_tree() else {
        return Vec::new();
    };
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
    let import = |(path, name, node): (String, String, SyntaxNode)| {
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
        Item {
            kind,
            name,
            namespaces,
            span: if leaf.is_empty() { place.clone() } else { leaf },
            text,
            mentions,
            statics: Vec::new(),
            derives: BTreeSet::new(),
            shapes_values: true,
        }
    };
    leaves.into_iter().map(import).collect()
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
pub(super) fn local_keys(node: &SyntaxNode, rust: &str) -> Option<Vec<Item>> {
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
