//! The types of a cell's variables, as a cell can write them.

use crate::cell::generate::CELL_FUNCTION;
use ra_ap_base_db::EditionedFileId;
use ra_ap_hir::{HirDisplay, Module, Semantics, attach_db};
use ra_ap_ide::{Edition, RootDatabase};
use ra_ap_syntax::ast::{self, AstNode, HasModuleItem, HasName};
use ra_ap_syntax::{SyntaxKind, SyntaxNode};
use ra_ap_vfs::FileId;
use std::collections::BTreeMap;

/// The edition of cells.
const EDITION: Edition = Edition::Edition2024;

/// What is known of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Its type, as a `let` would have it.
    Type(String),
    /// Its type has no name.
    Nameless,
    /// The analyser cannot tell.
    Nothing,
}

/// The variables that the `let`s at the top of the function bind, by name.
pub fn of_variables(database: &RootDatabase, file: FileId) -> BTreeMap<String, Known> {
    let semantics = Semantics::new(database);
    let file = semantics.parse(EditionedFileId::new(database, file, EDITION));
    attach_db(database, || {
        let function = file.items().find_map(|item| match item {
            ast::Item::Fn(function) if function.name()?.text() == CELL_FUNCTION => Some(function),
            _ => None,
        });
        let mut variables = BTreeMap::new();
        let Some((function, body)) = function.and_then(|it| Some((it.clone(), it.body()?))) else {
            return variables;
        };
        let Some(scope) = semantics.scope(function.syntax()) else {
            return variables;
        };
        for statement in body.statements() {
            let ast::Stmt::LetStmt(statement) = statement else {
                continue;
            };
            let Some(pattern) = statement.pat() else {
                continue;
            };
            for name in pattern
                .syntax()
                .descendants()
                .filter_map(ast::IdentPat::cast)
            {
                let Some(text) = name.name() else {
                    continue;
                };
                let is_all = name.syntax() == pattern.syntax();
                let written = statement.ty().filter(|_| is_all);
                let written = written.map(|it| it.syntax().text().to_string());
                let known = match written.filter(|it| is_whole(it)) {
                    Some(written) => Known::Type(written),
                    None => inferred(&semantics, &name, scope.module()),
                };
                variables.insert(text.text().to_string(), known);
            }
        }
        variables
    })
}

fn inferred(
    semantics: &Semantics<'_, RootDatabase>,
    name: &ast::IdentPat,
    module: Module,
) -> Known {
    let pattern = ast::Pat::IdentPat(name.clone());
    let Some(found) = semantics.type_of_pat(&pattern) else {
        return Known::Nothing;
    };
    let found = found.original();
    if found.is_closure() {
        return Known::Nameless;
    }
    match found.display_source_code(semantics.db, module.into(), true) {
        Ok(text) if is_whole(&text) => Known::Type(text),
        _ => Known::Nothing,
    }
}

/// Whether a text is a type with all its parts: the analyser writes `_` for what it cannot tell, as the length of an
/// array.
fn is_whole(type_text: &str) -> bool {
    let statement = format!("const _: {type_text} = x;");
    let parsed = ast::SourceFile::parse(&statement, EDITION);
    let is_part = |node: SyntaxNode| {
        use SyntaxKind::{ERROR, INFER_TYPE, UNDERSCORE_EXPR};
        ![ERROR, INFER_TYPE, UNDERSCORE_EXPR].contains(&node.kind())
    };
    parsed.errors().is_empty() && parsed.syntax_node().descendants().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn a_type_with_a_part_that_is_not_known_is_none() {
        for known in [
            "Vec<String>",
            "&[i32]",
            "Foo<42>",
            "Box<dyn Fn(&str) -> u8>",
        ] {
            assert!(is_whole(known), "{known}");
        }
        for unknown in ["Vec<_>", "[i32; _]", "[i32, _]", "{unknown}"] {
            assert!(!is_whole(unknown), "{unknown}");
        }
    }
}
