//! What is taken out of the window: tables, plots, pictures, as text or as a picture, to the clipboard or into a file.
//! All of it is made by jobs.

use super::chart::{Chart, Paper, csv, png, svg};
use super::dialogs::{Dialog, Filters};
use super::event::Event;
use super::running::Core;
use super::sheet::Sheet;
use super::slot::Slot;
use super::state::Level;
use super::write_screen;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::files::{chosen, replace};
use crate::task::Task;
use egui::ColorImage;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

/// Pixels of a plot's picture for each point of the window.
pub const PLOT_SCALE: f32 = 2.0;

/// Something that can be taken out of the window.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// A table, or rows of it.
    Table(Box<Sheet>),
    /// A plot, on its ground.
    Plot(Box<Chart>, Paper),
    /// The picture of an image of the dataset, as its file has it.
    Picture(u32),
}

/// As what it is taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Tab-separated values: a table.
    Tsv,
    /// Markdown: a table.
    Markdown,
    /// Comma-separated values: the points of a plot.
    Csv,
    /// Vector graphics: a plot.
    Svg,
    /// A picture: a plot at two pixels a point, an image at its own size.
    Png,
}

impl Piece {
    /// As what it can be taken out.
    pub fn forms(&self) -> &'static [Form] {
        match self {
            Self::Table(_) => &[Form::Tsv, Form::Markdown],
            Self::Plot(..) => &[Form::Png, Form::Svg, Form::Csv],
            Self::Picture(_) => &[Form::Png],
        }
    }
}

impl Form {
    /// What menus call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Tsv => "tab-separated values",
            Self::Markdown => "Markdown",
            Self::Csv => "CSV of its points",
            Self::Svg => "SVG",
            Self::Png => "PNG",
        }
    }

    /// The ending of its files.
    fn ending(self) -> &'static str {
        match self {
            Self::Tsv => "tsv",
            Self::Markdown => "md",
            Self::Csv => "csv",
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }

    /// The dialog that asks where it is to be written.
    fn dialog(self) -> Dialog {
        const TSV: Filters = &[("Tab-separated values", &["tsv"])];
        const MARKDOWN: Filters = &[("Markdown", &["md"])];
        const CSV: Filters = &[("CSV", &["csv"])];
        const SVG: Filters = &[("SVG", &["svg"])];
        const PNG: Filters = &[("PNG picture", &["png"])];
        match self {
            Self::Tsv => Dialog::place("Save the table", "table.tsv", TSV),
            Self::Markdown => Dialog::place("Save the table", "table.md", MARKDOWN),
            Self::Csv => Dialog::place("Save the points", "plot.csv", CSV),
            Self::Svg => Dialog::place("Save the plot", "plot.svg", SVG),
            Self::Png => Dialog::place("Save the picture", "picture.png", PNG),
        }
    }
}

/// A piece in a form.
#[derive(Debug, Clone)]
pub enum Made {
    /// Text.
    Text(String),
    /// A picture.
    Picture(ColorImage),
}

/// Makes `piece` in a form that it has.
///
/// # Errors
/// It has no such form; a picture that cannot be read; cancellation.
pub fn make(piece: &Piece, form: Form, dataset: Option<&Dataset>, task: &Task) -> Result<Made> {
    let text = |text: String| Ok(Made::Text(text));
    match (piece, form) {
        (Piece::Table(sheet), Form::Tsv) => text(sheet.tsv(task)?),
        (Piece::Table(sheet), Form::Markdown) => text(sheet.markdown(task)?),
        (Piece::Plot(chart, _), Form::Csv) => text(csv(chart)?),
        (Piece::Plot(chart, paper), Form::Svg) => text(svg(chart, paper)),
        (Piece::Plot(chart, paper), Form::Png) => {
            png(chart, paper, PLOT_SCALE, task).map(Made::Picture)
        }
        (Piece::Picture(image), Form::Png) => {
            let of = dataset.and_then(|d| d.images.get(*image as usize));
            let of = of.ok_or_else(|| {
                Error::request("this image is no longer open", "Choose another one.")
            })?;
            let picture = of.open()?;
            let size = [picture.width as usize, picture.height as usize];
            Ok(Made::Picture(ColorImage::from_rgb(size, &picture.rgb)))
        }
        _ => Err(Error::request(
            format!("this cannot be taken out as {}", form.title()),
            "Choose another form.",
        )),
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
        let wait = form.dialog().show(&self.paths);
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
