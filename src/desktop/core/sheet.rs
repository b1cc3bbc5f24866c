//! A table as text: tab-separated values for spreadsheets, Markdown for documents.

use crate::error::Result;
use crate::task::Task;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Rows between two looks at whether it was cancelled.
const STRIDE: usize = 1024;

/// What each row says, for any thread.
#[derive(Clone)]
pub struct Cells(Arc<dyn Fn(usize) -> Vec<String> + Send + Sync>);

impl Cells {
    /// Cells that are made when they are asked for.
    pub fn made(by: impl Fn(usize) -> Vec<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(by))
    }

    /// Cells that are there.
    pub fn of(rows: Vec<Vec<String>>) -> Self {
        Self::made(move |at| rows.get(at).cloned().unwrap_or_default())
    }

    /// What row `at` says, a text for each column.
    pub fn row(&self, at: usize) -> Vec<String> {
        (self.0)(at)
    }
}

impl fmt::Debug for Cells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cells")
    }
}

impl PartialEq for Cells {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A table, or the rows of it that are chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// What it shows.
    pub title: String,
    /// The columns' names; `true` for a column of figures. A column without a name holds pictures or bars: it is left out.
    pub columns: Vec<(String, bool)>,
    /// The rows, by their places, in order.
    pub rows: Rows,
    /// What they say.
    pub cells: Cells,
}

/// Which rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Rows {
    /// The first so many: all.
    All(usize),
    /// These.
    Chosen(Vec<usize>),
}

impl Rows {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::All(count) => *count,
            Self::Chosen(rows) => rows.len(),
        }
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn at(&self, n: usize) -> usize {
        match self {
            Self::All(_) => n,
            Self::Chosen(rows) => rows[n],
        }
    }
}

impl Sheet {
    /// Tab-separated values, a head and a line for each row. Figures are as other programs read them: no grouping, a
    /// plain minus sign.
    ///
    /// # Errors
    /// Cancellation.
    pub fn tsv(&self, task: &Task) -> Result<String> {
        let mut out = String::new();
        self.write(task, |cells, is_head| {
            for (n, (text, is_figure)) in cells.iter().enumerate() {
                if n > 0 {
                    out.push('\t');
                }
                let text = one_line(text);
                if *is_figure && !is_head {
                    out.push_str(&bare(&text));
                } else {
                    out.push_str(&quoted(&text));
                }
            }
            out.push('\n');
        })?;
        Ok(out)
    }

    /// A table of Markdown. Bars between cells are escaped; figures stand at the right.
    ///
    /// # Errors
    /// Cancellation.
    pub fn markdown(&self, task: &Task) -> Result<String> {
        let mut out = String::new();
        self.write(task, |cells, is_head| {
            let mut line = |texts: &mut dyn Iterator<Item = String>| {
                out.push('|');
                for text in texts {
                    out.push(' ');
                    out.push_str(&text);
                    out.push_str(" |");
                }
                out.push('\n');
            };
            line(&mut cells.iter().map(|(text, _)| escaped(text)));
            if is_head {
                let rule = |is_figure: bool| if is_figure { "---:" } else { "---" };
                line(&mut cells.iter().map(|(_, figure)| rule(*figure).to_owned()));
            }
        })?;
        Ok(out)
    }

    /// Calls `line` with the head, then with each row: texts, each with whether it is a figure.
    fn write(&self, task: &Task, mut line: impl FnMut(&[(String, bool)], bool)) -> Result<()> {
        let kept: Vec<usize> = (0..self.columns.len())
            .filter(|&n| !self.columns[n].0.is_empty())
            .collect();
        let head: Vec<(String, bool)> = kept.iter().map(|&n| self.columns[n].clone()).collect();
        line(&head, true);
        task.begin("Writing the table", self.rows.len() as u64);
        for n in 0..self.rows.len() {
            if n % STRIDE == 0 {
                task.check()?;
                task.add(STRIDE.min(self.rows.len() - n) as u64);
            }
            let mut cells = self.cells.row(self.rows.at(n));
            let row: Vec<(String, bool)> = kept
                .iter()
                .map(|&at| {
                    let text = cells.get_mut(at).map(std::mem::take).unwrap_or_default();
                    (text, self.columns[at].1)
                })
                .collect();
            line(&row, false);
        }
        Ok(())
    }
}

/// The text without what would end a cell or a line.
fn one_line(text: &str) -> String {
    text.replace(['\t', '\n', '\r'], " ")
}

/// A cell of tab-separated values. Spreadsheets and data frames take a quotation mark at its beginning for the start of a
/// quoted cell, which would swallow those behind it: such a text is quoted, its own marks doubled (RFC 4180).
fn quoted(text: &str) -> Cow<'_, str> {
    if text.starts_with('"') {
        format!("\"{}\"", text.replace('"', "\"\"")).into()
    } else {
        text.into()
    }
}

/// A text inside a cell of Markdown.
fn escaped(text: &str) -> String {
    one_line(text).replace('\\', r"\\").replace('|', r"\|")
}

/// A figure as other programs read it, where the text is one: "−1,234.5" as "-1234.5".
pub fn bare(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|&c| c != ',')
        .map(|c| if c == '−' { '-' } else { c })
        .collect();
    let plain = plain.strip_prefix('+').unwrap_or(&plain);
    let number = plain.strip_suffix(" %").unwrap_or(plain);
    if number.parse::<f64>().is_ok() {
        plain.to_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(rows: Rows) -> Sheet {
        let columns = [("Name", false), ("", false), ("Margin", true)];
        Sheet {
            title: "t".into(),
            columns: columns
                .map(|(name, figure)| (name.to_owned(), figure))
                .into(),
            rows,
            cells: Cells::of(vec![
                vec!["a|b".into(), "x".into(), "−1,234.5".into()],
                vec!["c\\\td".into(), String::new(), "+0.1".into()],
                vec!["e".into(), String::new(), "stands".into()],
            ]),
        }
    }

    #[test]
    fn a_table_is_tsv_with_plain_figures_and_markdown_with_escaped_bars() {
        let task = Task::detached();
        assert_eq!(
            sheet(Rows::All(3)).tsv(&task).unwrap(),
            "Name\tMargin\na|b\t-1234.5\nc\\ d\t0.1\ne\tstands\n"
        );
        assert_eq!(
            sheet(Rows::Chosen(vec![1, 0])).markdown(&task).unwrap(),
            "| Name | Margin |\n| --- | ---: |\n| c\\\\ d | +0.1 |\n| a\\|b | −1,234.5 |\n"
        );
    }

    #[test]
    fn a_table_of_many_rows_ends_when_cancelled() {
        let cancelled = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
        let mut many = sheet(Rows::All(1_000_000));
        many.cells = Cells::made(|_| vec![String::new(); 3]);
        let error = many.tsv(&Task::cancelled_by(cancelled)).unwrap_err();
        assert!(error.is_cancelled());
    }

    #[test]
    fn figures_are_bare_and_words_are_not_touched() {
        assert_eq!(bare("+1,000"), "1000");
        assert_eq!(bare("−0.5 %"), "-0.5 %");
        assert_eq!(bare("a, b"), "a, b");
        assert_eq!(bare("2–3"), "2–3");
    }

    #[test]
    fn a_mark_of_quotation_swallows_no_other_cell() {
        let mut rows = sheet(Rows::All(1));
        rows.cells =
            Cells::made(|_| vec!["\"Stop\" says a sign".into(), String::new(), "0.5".into()]);
        let tsv = rows.tsv(&Task::detached()).unwrap();
        assert_eq!(
            tsv.lines().nth(1),
            Some("\"\"\"Stop\"\" says a sign\"\t0.5")
        );
    }
}
