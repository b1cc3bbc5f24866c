//! Rows of lists and tables that are chosen together, with Shift and Ctrl, and what can be done with them.

use super::Shell;
use super::spans::Spans;
use super::widgets::grouped;
use crate::desktop::core::{Cells, Command, Form, Piece, Rows, Sheet};
use egui::{Event, Key, Modifiers, Response, Ui};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What the places of a list are of: its length, a number that changes with its rows and their order, and what is open
/// ([`crate::desktop::core::Identities::stamp`]).
type Of = (usize, u64, u64);

/// The rows of a list that are chosen, by their places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    rows: Spans,
    /// Where a range begins.
    anchor: usize,
    of: Of,
}

impl Selection {
    /// Is the row in this place chosen, together with others?
    pub fn has(&self, at: usize) -> bool {
        self.rows.has(at)
    }

    /// The chosen rows, in order.
    pub fn rows(&self) -> Vec<usize> {
        self.rows.iter().collect()
    }

    /// The same, to be copied.
    fn taken(&self) -> Rows {
        if self.rows.len() == self.of.0 {
            return Rows::All(self.of.0);
        }
        Rows::Chosen(self.rows())
    }

    /// Is none chosen?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Keeps what is chosen as long as the places are of the same.
    pub fn keep(&mut self, of: Of) {
        if self.of != of {
            *self = Self {
                of,
                ..Self::default()
            };
        }
    }

    /// A click on row `at`: alone it chooses that one, with Ctrl it adds or takes away, with Shift it chooses all from the
    /// last one that was clicked (with Ctrl too: besides those chosen before). Is it a plain click?
    pub fn click(&mut self, at: usize, keys: Modifiers) -> bool {
        if keys.shift {
            if !keys.command {
                self.rows = Spans::default();
            }
            self.rows.add(self.anchor.min(at)..self.anchor.max(at) + 1);
            return false;
        }
        if keys.command {
            // The row that was clicked alone before belongs to it.
            if !self.rows.remove(at) {
                self.rows.add(at..at + 1);
            }
            self.anchor = at;
            return false;
        }
        self.rows = Spans::default();
        self.rows.add(at..at + 1);
        self.anchor = at;
        true
    }

    /// Chooses all rows.
    pub fn all(&mut self) {
        self.rows = Spans::default();
        self.rows.add(0..self.of.0);
    }
}

/// A number for what decides which rows a list has.
pub fn order_of(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// A list whose rows can be chosen and copied.
pub struct List<'a> {
    /// Its name: no other list has it.
    pub name: &'a str,
    /// Its columns, each with whether it holds figures.
    pub columns: &'a [(&'a str, bool)],
    /// Rows.
    pub count: usize,
    /// A number that changes with the rows and their order, where what is open does not change with them.
    pub order: u64,
}

impl List<'_> {
    fn selection<'s>(&self, shell: &'s mut Shell<'_>) -> &'s mut Selection {
        let open = shell.session.now().stamp();
        let all = &mut shell.memory.selections;
        let selection = all.entry(self.name.to_owned()).or_default();
        selection.keep((self.count, self.order, open));
        selection
    }

    /// Is row `at` chosen, with others?
    pub fn has(&self, shell: &mut Shell<'_>, at: usize) -> bool {
        let selection = self.selection(shell);
        selection.rows.len() > 1 && selection.has(at)
    }

    /// The rows that are chosen, in order.
    pub fn rows(&self, shell: &mut Shell<'_>) -> Vec<usize> {
        self.selection(shell).rows()
    }

    /// Takes the click on row `at`, and the keys while it has the focus; draws the menu, with `more` entries of the list's
    /// own for the rows that are chosen.
    pub fn row(
        &self,
        response: &Response,
        shell: &mut Shell<'_>,
        at: usize,
        more: impl FnOnce(&mut Ui, &mut Shell<'_>, &[usize]),
    ) -> Act {
        let keys = response.ctx.input(|i| i.modifiers);
        let mut act = Act {
            goes: response.clicked() && self.selection(shell).click(at, keys),
            take: None,
        };
        if response.secondary_clicked() && !self.selection(shell).has(at) {
            self.selection(shell).click(at, Modifiers::NONE);
        }
        if response.clicked() || response.secondary_clicked() {
            shell.memory.active = Some(self.name.to_owned());
        }
        // The list that was clicked last has the keys while nothing has the focus.
        let free = response.ctx.memory(|m| m.focused().is_none());
        let active = free && shell.memory.active.as_deref() == Some(self.name);
        if response.has_focus() || active {
            act.take = self.keys(response, shell, at);
        }
        response.context_menu(|ui| {
            let rows = self.rows(shell);
            more(ui, shell, &rows);
            act.take = self.entries_ui(ui, shell);
        });
        act
    }

    fn keys(&self, response: &Response, shell: &mut Shell<'_>, at: usize) -> Option<Take> {
        let ctx = &response.ctx;
        if ctx.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::A)) {
            self.selection(shell).all();
        }
        let copies = ctx.input_mut(|i| {
            let before = i.events.len();
            i.events.retain(|event| *event != Event::Copy);
            before > i.events.len()
        });
        if !copies {
            return None;
        }
        if self.selection(shell).is_empty() {
            self.selection(shell).click(at, Modifiers::NONE);
        }
        Some(Take {
            form: Form::Tsv,
            copy: true,
            rows: self.selection(shell).taken(),
        })
    }

    /// The entries that copy the rows chosen, and the whole list.
    pub fn entries_ui(&self, ui: &mut Ui, shell: &mut Shell<'_>) -> Option<Take> {
        self.forms_ui(ui, &self.selection(shell).taken())
    }

    /// The entries that copy the whole of a list whose rows are not chosen.
    pub fn whole_ui(&self, ui: &mut Ui) -> Option<Take> {
        self.forms_ui(ui, &Rows::Chosen(Vec::new()))
    }

    fn forms_ui(&self, ui: &mut Ui, chosen: &Rows) -> Option<Take> {
        let forms = [Form::Tsv, Form::Markdown];
        let mut asked = None;
        let mut entry = |ui: &mut Ui, text: String, form: Form, copy: bool, rows: &Rows| {
            if ui.button(text).clicked() {
                let rows = rows.clone();
                asked = Some(Take { form, copy, rows });
                ui.close();
            }
        };
        if !chosen.is_empty() {
            let what = match chosen.len() {
                1 => "the row".to_owned(),
                n => format!("{} rows", grouped(n)),
            };
            for form in forms {
                let text = format!("Copy {what} as {}", form.title());
                entry(ui, text, form, true, chosen);
            }
            ui.separator();
        }
        let all = Rows::All(self.count);
        for form in forms {
            let text = format!("Copy the whole table as {}", form.title());
            entry(ui, text, form, true, &all);
        }
        for form in forms {
            let text = format!("Save the table as {}…", form.title());
            entry(ui, text, form, false, &all);
        }
        asked
    }

    /// Asks for what was taken, of rows that say this.
    pub fn take(&self, shell: &mut Shell<'_>, take: Take, cells: Cells) {
        let Take { form, copy, rows } = take;
        let columns = self.columns.iter();
        let piece = Piece::Table(Box::new(Sheet {
            title: self.name.to_owned(),
            columns: columns
                .map(|(name, figure)| ((*name).to_owned(), *figure))
                .collect(),
            rows,
            cells,
        }));
        shell.ask(if copy {
            Command::CopyPiece(Box::new(piece), form)
        } else {
            Command::SavePiece(Box::new(piece), form)
        });
    }
}

/// What was done with a row.
pub struct Act {
    /// It was clicked alone: it is to be gone to.
    pub goes: bool,
    /// Rows are to be taken out of the window.
    pub take: Option<Take>,
}

/// Rows that are to be taken out of the window.
#[derive(Debug, Clone, PartialEq)]
pub struct Take {
    form: Form,
    copy: bool,
    rows: Rows,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ctrl_adds_shift_spans_and_another_order_begins_anew() {
        let mut chosen = Selection::default();
        chosen.keep((10, 0, 0));
        assert!(chosen.click(3, Modifiers::NONE));
        assert!(!chosen.click(6, Modifiers::COMMAND));
        assert_eq!(chosen.rows(), [3, 6]);
        assert!(!chosen.click(8, Modifiers::SHIFT));
        assert_eq!(chosen.rows(), [6, 7, 8]);
        chosen.click(1, Modifiers::COMMAND);
        chosen.click(2, Modifiers::SHIFT | Modifiers::COMMAND);
        assert_eq!(chosen.rows(), [1, 2, 6, 7, 8]);
        chosen.click(7, Modifiers::COMMAND);
        assert_eq!(chosen.rows(), [1, 2, 6, 8]);
        chosen.keep((10, 1, 0));
        assert!(chosen.is_empty());
        chosen.all();
        assert_eq!(chosen.taken(), Rows::All(10));
        chosen.keep((10, 1, 7));
        assert!(chosen.is_empty(), "something else is open");
        // However many: all of them.
        chosen.keep((1_000_000, 0, 0));
        chosen.all();
        assert_eq!(chosen.taken(), Rows::All(1_000_000));
        chosen.click(5, Modifiers::COMMAND);
        assert_eq!(chosen.rows().len(), 999_999);
    }

    proptest! {
        #[test]
        fn a_range_is_the_same_from_either_end(from in 0_usize..50, to in 0_usize..50) {
            let of = |a, b| {
                let mut chosen = Selection::default();
                chosen.click(a, Modifiers::NONE);
                chosen.click(b, Modifiers::SHIFT);
                chosen.rows()
            };
            prop_assert_eq!(of(from, to), of(to, from));
            prop_assert_eq!(of(from, to).len(), from.abs_diff(to) + 1);
        }
    }
}
