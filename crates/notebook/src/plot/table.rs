//! Tables: as text for terminals and screen readers, as HTML and Markdown for notebooks.

use super::escape::{escape, only_xml_characters};
use super::style::clean_name;
use crate::display::{MimeBundle, RichDisplay, show_result};

/// A small table: the first column names the row, the others hold values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column names and no rows.
    pub fn new<T: Into<String>>(header: impl IntoIterator<Item = T>) -> Self {
        Self {
            header: header
                .into_iter()
                .map(|name| clean_name(&name.into()))
                .collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row. Cells beyond the header's are dropped, missing ones are empty.
    pub fn row<T: Into<String>>(mut self, cells: impl IntoIterator<Item = T>) -> Self {
        let mut row: Vec<String> = cells
            .into_iter()
            .map(|cell| clean_name(&cell.into()))
            .collect();
        row.resize(self.header.len(), String::new());
        self.rows.push(row);
        self
    }

    /// The same table without the columns in which no row has anything.
    pub(crate) fn without_empty_columns(mut self) -> Self {
        for column in (0..self.header.len()).rev() {
            if self.rows.iter().all(|row| row[column].is_empty()) {
                self.header.remove(column);
                for row in &mut self.rows {
                    row.remove(column);
                }
            }
        }
        self
    }

    /// The table as text, its columns aligned by spaces.
    pub fn text(&self) -> String {
        let width = |column: usize| {
            let cells = std::iter::once(&self.header).chain(&self.rows);
            cells
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, width))| match column {
                    0 => format!("{cell:<width$}"),
                    _ => format!("{cell:>width$}"),
                })
                .collect();
            cells.join("  ").trim_end().to_owned()
        };
        let lines: Vec<String> = std::iter::once(&self.header)
            .chain(&self.rows)
            .map(line)
            .collect();
        lines.join("\n")
    }

    /// The table in Markdown.
    pub fn markdown(&self) -> String {
        let line = |row: &Vec<String>| {
            let cells: Vec<String> = row
                .iter()
                .map(|cell| escape(cell).replace('\\', "\\\\").replace('|', "\\|"))
                .collect();
            format!("| {} |", cells.join(" | "))
        };
        let rule: Vec<&str> = (0..self.header.len())
            .map(|column| if column == 0 { ":--" } else { "--:" })
            .collect();
        let mut lines = vec![line(&self.header), format!("| {} |", rule.join(" | "))];
        lines.extend(self.rows.iter().map(line));
        lines.join("\n")
    }

    /// The table in HTML, without colours of its own, so that it follows the notebook's theme.
    pub fn html(&self) -> String {
        let line = |row: &Vec<String>, tag: &str| {
            let cells: Vec<String> = row
                .iter()
                .enumerate()
                .map(|(column, cell)| {
                    let side = if column == 0 { "left" } else { "right" };
                    format!(
                        "<{tag} style=\"text-align:{side}\">{}</{tag}>",
                        escape(cell)
                    )
                })
                .collect();
            format!("<tr>{}</tr>", cells.concat())
        };
        let body: Vec<String> = self.rows.iter().map(|row| line(row, "td")).collect();
        only_xml_characters(&format!(
            "<table><thead>{}</thead><tbody>{}</tbody></table>",
            line(&self.header, "th"),
            body.concat()
        ))
    }

    /// Shows the table as the result of a cell.
    pub fn evcxr_display(&self) {
        show_result(self.mime_bundle());
    }
}

impl RichDisplay for Table {
    fn mime_bundle(&self) -> MimeBundle {
        MimeBundle::new()
            .with("text/html", self.html())
            .with("text/markdown", self.markdown())
            .with("text/plain", self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_cells_in_every_form() {
        let table = Table::new(["way", "median"])
            .row(["a|b <c>", "12 ms"])
            .row(["d"]);
        assert_eq!(table.text(), "way      median\na|b <c>   12 ms\nd");
        assert_eq!(
            table.markdown(),
            "| way | median |\n| :-- | --: |\n| a\\|b &lt;c&gt; | 12 ms |\n| d |  |"
        );
        assert!(
            table
                .html()
                .contains("<td style=\"text-align:left\">a|b &lt;c&gt;</td>")
        );
    }
}
