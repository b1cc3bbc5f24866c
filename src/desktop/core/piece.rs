//! What can be taken out of the window: tables, plots, pictures, as text or as a picture.

use super::chart::{Chart, Paper, csv, png, svg};
use super::sheet::Sheet;
use crate::dataset::{Dataset, Picture};
use crate::error::{Error, Result};
use crate::task::Task;
use egui::ColorImage;

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
    pub fn ending(self) -> &'static str {
        match self {
            Self::Tsv => "tsv",
            Self::Markdown => "md",
            Self::Csv => "csv",
            Self::Svg => "svg",
            Self::Png => "png",
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
            let picture = picture_of(dataset, *image)?;
            Ok(Made::Picture(on_screen(&picture)))
        }
        _ => Err(Error::request(
            format!("this cannot be taken out as {}", form.title()),
            "Choose another form.",
        )),
    }
}

/// Opens the picture of an image of the dataset.
///
/// # Errors
/// There is no such image; a picture that cannot be read.
pub fn picture_of(dataset: Option<&Dataset>, image: u32) -> Result<Picture> {
    let of = dataset.and_then(|d| d.images.get(image as usize));
    let gone = || Error::request("this image is no longer open", "Choose another one.");
    of.ok_or_else(gone)?.open()
}

/// The picture as textures have it.
pub fn on_screen(picture: &Picture) -> ColorImage {
    let size = [picture.width as usize, picture.height as usize];
    ColorImage::from_rgb(size, &picture.rgb)
}
