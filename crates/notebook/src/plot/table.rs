//! Tables: as text for terminals and screen readers, as HTML and Markdown for notebooks.

use super::style::clean_name;
use crate::display::{MimeBundle, RichDisplay, shows_itself};
use crate::text::{escape, only_xml_characters};
use serde::Serialize;
use std::fmt;
use unicode_width::UnicodeWidthStr;

/// A small table: the first column names the row, the others hold values.
///
/// ```
/// use notebook::plot::Table;
///
/// let mut table = Table::new(["pages", "time"]);
/// for pages in [1, 10] {
///     table.push([pages.to_string(), format!("{} ms", 50 * pages)]);
/// }
/// assert_eq!(table.to_string(), "pages    time\n1       50 ms\n10     500 ms");
/// ```
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

    /// A table with a row for each value, and a column for each of its fields, in their order.
    /// A value that has no fields gives one column.
    ///
    /// ```
    /// use notebook::plot::Table;
    /// use notebook::serde::Serialize;
    ///
    /// #[derive(Serialize)]
    /// # #[serde(crate = "notebook::serde")]
    /// struct Page { number: u32, bytes: usize, title: Option<&'static str> }
    ///
    /// let pages = [Page { number: 1, bytes: 2048, title: Some("Tides") }, Page { number: 2, bytes: 90, title: None }];
    /// let table = Table::of(&pages)?;
    /// assert_eq!(table.to_string(), "number  bytes  title\n1        2048  Tides\n2          90");
    /// # Ok::<(), notebook::serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// When serde cannot write a value, such as a map whose keys are not text.
    pub fn of<T: Serialize>(values: impl IntoIterator<Item = T>) -> serde_json::Result<Table> {
        super::records::table(values)
    }

    /// Adds a row. Cells beyond the header's are dropped, missing ones are empty.
    #[must_use]
    pub fn row<T: Into<String>>(mut self, cells: impl IntoIterator<Item = T>) -> Self {
        self.push(cells);
        self
    }

    /// Adds rows, each as [`row`](Table::row) does it.
    #[must_use]
    pub fn rows<R, T>(mut self, rows: impl IntoIterator<Item = R>) -> Self
    where
        R: IntoIterator<Item = T>,
        T: Into<String>,
    {
        self.extend(rows);
        self
    }

    /// Adds a row, as [`row`](Table::row) does it.
    pub fn push<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let mut row: Vec<String> = cells
            .into_iter()
            .map(|cell| clean_name(&cell.into()))
            .collect();
        row.resize(self.header.len(), String::new());
        self.rows.push(row);
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
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
}

/// As text, its columns aligned by spaces.
impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| {
            let cells = std::iter::once(&self.header).chain(&self.rows);
            cells.map(|row| row[column].width()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        let lines = std::iter::once(&self.header).chain(&self.rows);
        for (index, row) in lines.enumerate() {
            let cells = row.iter().zip(&widths).enumerate();
            let cells: Vec<String> = cells
                .map(|(column, (cell, width))| {
                    let space = " ".repeat(width.saturating_sub(cell.width()));
                    if column == 0 {
                        format!("{cell}{space}")
                    } else {
                        format!("{space}{cell}")
                    }
                })
                .collect();
            let newline = if index == 0 { "" } else { "\n" };
            write!(formatter, "{newline}{}", cells.join("  ").trim_end())?;
        }
        Ok(())
    }
}

impl<R, T> Extend<R> for Table
where
    R: IntoIterator<Item = T>,
    T: Into<String>,
{
    fn extend<I: IntoIterator<Item = R>>(&mut self, rows: I) {
        for row in rows {
            self.push(row);
        }
    }
}

shows_itself!(Table);

impl RichDisplay for Table {
    fn mime_bundle(&self) -> MimeBundle {
        MimeBundle::new()
            .with("text/html", self.html())
            .with("text/markdown", self.markdown())
            .with("text/plain", self.to_string())
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
        assert_eq!(table.to_string(), "way      median\na|b <c>   12 ms\nd");
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
