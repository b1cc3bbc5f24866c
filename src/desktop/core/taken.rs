//! Takes pieces out of the window: to the clipboard or into a file. All of it is made by jobs.

use super::dialogs::{Dialog, Filters};
use super::event::Event;
use super::files::write_screen;
use super::piece::{Form, Made, Piece, make};
use super::running::Core;
use super::slot::Slot;
use super::state::Level;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::files::{chosen, replace};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

/// The dialog that asks where it is to be written.
fn dialog(form: Form) -> Dialog {
    const TSV: Filters = &[("Tab-separated values", &["tsv"])];
    const MARKDOWN: Filters = &[("Markdown", &["md"])];
    const CSV: Filters = &[("CSV", &["csv"])];
    const SVG: Filters = &[("SVG", &["svg"])];
    const PNG: Filters = &[("PNG picture", &["png"])];
    match form {
        Form::Tsv => Dialog::place("Save the table", "table.tsv", TSV),
        Form::Markdown => Dialog::place("Save the table", "table.md", MARKDOWN),
        Form::Csv => Dialog::place("Save the points", "plot.csv", CSV),
        Form::Svg => Dialog::place("Save the plot", "plot.svg", SVG),
        Form::Png => Dialog::place("Save the picture", "picture.png", PNG),
    }
}

impl Core {
    /// Puts `piece` on the clipboard, once it is made.
    pub(super) fn copy_piece(&mut self, piece: Piece, form: Form) {
        let dataset = self.session.dataset().cloned();
        self.start(Slot::Copy, "Copying", move |task| {
            Ok(Event::Copied(make(&piece, form, dataset.as_deref(), task)?))
        });
    }

    /// Asks where `piece` is to be written, then writes it.
    pub(super) fn save_piece(&mut self, piece: Piece, form: Form) {
        let dataset = self.session.dataset().cloned();
        let wait = dialog(form).show(&self.paths);
        self.start(Slot::Place, "Choosing a file", move |task| {
            let place = wait(task)?.into_iter().next();
            Ok(Event::Placed(
                piece,
                form,
                dataset,
                place.ok_or(Error::Cancelled)?,
            ))
        });
    }

    /// Writes `piece` where a dialog confirmed the place.
    pub(super) fn write_piece(
        &mut self,
        piece: Piece,
        form: Form,
        dataset: Option<Arc<Dataset>>,
        confirmed: PathBuf,
    ) {
        self.start(Slot::Piece, "Writing", move |task| {
            let [path] = chosen(&confirmed, [form.ending()])?;
            match make(&piece, form, dataset.as_deref(), task)? {
                Made::Text(text) => replace(&path, |out| out.write_all(text.as_bytes()))?,
                Made::Picture(picture) => write_screen(&path, &picture)?,
            }
            Ok(Event::PieceWritten(path))
        });
    }

    /// Puts on the clipboard what was made for it.
    pub(super) fn put_on_clipboard(&mut self, ctx: &egui::Context) {
        let Some(made) = self.copied.take() else {
            return;
        };
        let said = match made {
            Made::Text(text) => {
                let lines = text.lines().count();
                ctx.copy_text(text);
                format!("Copied {lines} lines")
            }
            Made::Picture(picture) => {
                let [width, height] = picture.size;
                ctx.copy_image(picture);
                format!("Copied a picture of {width} x {height} pixels")
            }
        };
        self.session.say(Level::Info, said, "");
    }
}
