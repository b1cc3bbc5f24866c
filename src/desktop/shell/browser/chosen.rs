//! The rows of the browser that are chosen together, and the bin of a histogram that alone is listed.

use super::super::select::List;
use super::super::theme::tokens;
use super::super::widgets::{grouped, signed};
use super::super::{Shell, take};
use crate::desktop::core::{Cells, Command, SetsCommand};
use crate::retrieval::Side;
use egui::{Response, RichText, Ui};

/// The bin of a histogram that alone is listed, and the way out of it.
pub fn bin_ui(ui: &mut Ui, shell: &mut Shell<'_>) {
    let bin = shell.session.browser.bin;
    let Some((_, bin)) = bin.filter(|(side, _)| *side == shell.session.side) else {
        return;
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(format!("only {}", bin.title())).color(tokens(ui).accent));
        if ui.small_button("Show all").clicked() {
            shell.ask(Command::SetBin(None));
        }
    });
}

/// The browser as a list whose rows can be chosen together: of images, or of captions.
pub fn listed(shell: &Shell<'_>) -> List<'static> {
    let browser = &shell.session.browser;
    let (name, side, columns) = match shell.session.side {
        Side::Image => ("images of the browser", 0, &IMAGES),
        Side::Text => ("captions of the browser", 1, &CAPTIONS),
    };
    List {
        name,
        columns,
        count: browser.rows.len(),
        order: 2 * browser.listed + side,
    }
}

/// What the rows of the browser say: name or caption, rank and margin of the right one.
fn cells(shell: &Shell<'_>) -> Cells {
    let session = shell.session;
    let (side, rows) = (session.side, session.browser.rows.clone());
    let (dataset, ranking) = (session.dataset().cloned(), session.ranking().cloned());
    Cells::made(move |at| {
        let row = rows.get(at).map_or(0, |&row| row as usize);
        let said = dataset.as_ref().and_then(|d| match side {
            Side::Image => d.images.get(row).map(|image| image.name.clone()),
            Side::Text => d.captions.get(row).cloned(),
        });
        let direction = ranking.as_ref().map(|r| r.direction(side));
        let direction = direction.filter(|d| row < d.ranks.len());
        let rank = direction.map(|d| grouped(d.ranks[row] as usize));
        let margin = direction.map(|d| signed(d.margin(row), 3));
        [said, rank, margin].map(Option::unwrap_or_default).into()
    })
}

/// Takes what was done with a row; is it to be gone to?
pub fn row_ui(list: &List<'_>, response: &Response, shell: &mut Shell<'_>, at: usize) -> bool {
    let act = list.row(response, shell, at, images_ui);
    if let Some(take) = act.take {
        let cells = cells(shell);
        list.take(shell, take, cells);
    }
    act.goes
}

const IMAGES: [(&str, bool); 3] = [("Image", false), ("Rank", true), ("Margin", true)];
const CAPTIONS: [(&str, bool); 3] = [("Caption", false), ("Rank", true), ("Margin", true)];

/// What can be done with the images of the rows that are chosen.
fn images_ui(ui: &mut Ui, shell: &mut Shell<'_>, chosen: &[usize]) {
    let session = shell.session;
    let Some(dataset) = session.dataset() else {
        return;
    };
    let rows = chosen.iter().filter_map(|&at| session.browser.rows.get(at));
    let mut images: Vec<u32> = match session.side {
        Side::Image => rows.copied().collect(),
        Side::Text => rows.map(|&j| dataset.image_of(j as usize) as u32).collect(),
    };
    images.sort_unstable();
    images.dedup();
    let what = match images.len() {
        1 => "the image".to_owned(),
        n => format!("{} images", grouped(n)),
    };
    let mut asked = None;
    for (text, mark) in [("Mark", true), ("Unmark", false)] {
        if ui.button(format!("{text} {what}")).clicked() {
            asked = Some(SetsCommand::Mark(images.clone(), mark));
            ui.close();
        }
    }
    if let [image] = images[..] {
        take::picture_ui(ui, shell, image);
    }
    if let Some(command) = asked {
        shell.ask(Command::Sets(command));
    }
    ui.separator();
}
