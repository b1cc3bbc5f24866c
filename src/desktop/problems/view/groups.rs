//! A list of groups: what is alike, with its pictures. A click on a picture makes it the query.

use super::View;
use crate::desktop::core::{self, Cells, Query};
use crate::desktop::shell::table::{self, Column, Row, Rows, Table};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, named_area, picture_in};
use crate::retrieval::Side;
use crate::retrieval::alike::Likeness;
use egui::{Align2, FontId, Pos2, Rect, Role, Stroke, StrokeKind, Ui, Vec2};
use std::sync::Arc;

/// Height of a row, with its pictures.
const TALL: f32 = 76.0;

/// Names of a group that are spelled out.
const NAMED: usize = 8;

const COLUMNS: [Column; 3] = [
    table::text("Alike", 0.0),
    table::text("Which", 0.2),
    table::text("", 0.52),
];

/// A group as it is listed.
pub struct Entry {
    /// In what way alike.
    pub likeness: Likeness,
    /// How different at most, as a share of the contrast.
    pub difference: f32,
    /// The rows of the members' images in the open dataset, where they are there.
    pub images: Vec<Option<u32>>,
    /// The rows of the members' captions in it; empty for pictures.
    pub captions: Vec<Option<u32>>,
    /// The names of the members' images.
    pub names: Vec<String>,
    /// What captions say.
    pub text: Option<String>,
}

impl Entry {
    /// In what way alike, and how many.
    fn alike(&self) -> String {
        let n = grouped(self.names.len());
        match self.likeness {
            Likeness::SamePicture => format!("{n} equal pictures"),
            Likeness::NearPicture => format!(
                "{n} nearly equal pictures, apart by up to {:.1} % of their contrast",
                100.0 * self.difference
            ),
            Likeness::SameCaption => format!("{n} equal captions"),
            Likeness::NearCaption => format!("{n} captions of the same words"),
        }
    }

    /// What captions say, and the images.
    fn which(&self) -> String {
        let mut named: Vec<String> = self.names.iter().take(NAMED).cloned().collect();
        if self.names.len() > NAMED {
            named.push(format!("and {} more", grouped(self.names.len() - NAMED)));
        }
        let named = named.join(", ");
        match &self.text {
            Some(text) => format!("{text}\n{named}"),
            None => named,
        }
    }

    /// The query that a member is.
    fn query(&self, member: usize) -> Option<Query> {
        match self.captions.get(member).copied().flatten() {
            Some(row) => Some(Query::Row(Side::Text, row as usize)),
            None => self.images[member].map(|row| Query::Row(Side::Image, row as usize)),
        }
    }
}

/// The groups of a page.
pub struct Groups {
    /// The list's name, which no other has.
    pub name: &'static str,
    /// How many.
    pub count: usize,
    /// What each is.
    pub entry: Arc<dyn Fn(usize) -> Entry + Send + Sync>,
}

/// Draws the list.
pub fn groups_ui(ui: &mut Ui, view: &mut View<'_>, groups: &Groups) {
    let t = tokens(ui);
    let table = Table {
        name: groups.name,
        columns: &COLUMNS,
        sort: None,
    };
    table.head_ui(ui, view);
    let row = |_: &mut View<'_>, at: usize| {
        let entry = (groups.entry)(at);
        let (alike, which) = (entry.alike(), entry.which());
        Row {
            name: format!("{alike}: {}", which.replace('\n', "; ")),
            cells: vec![(alike, t.text), (which, t.weak)],
            lines: 3,
            ..Row::default()
        }
    };
    let mut asked = None;
    let extra = |ui: &Ui, view: &mut View<'_>, at: usize, cell: &dyn Fn(usize) -> Rect| {
        if let Some(query) = pictures_ui(ui, view, at, &(groups.entry)(at), cell(2)) {
            asked = Some(query);
        }
    };
    let cells = || {
        let entry = Arc::clone(&groups.entry);
        Cells::made(move |at| {
            let entry = entry(at);
            vec![entry.alike(), entry.which(), String::new()]
        })
    };
    let rows = Rows {
        tall: TALL,
        cells: Some(&cells),
        ..Rows::of(groups.count)
    };
    let clicked = table.rows_ui(ui, view, rows, row, extra);
    let first = clicked.and_then(|at| {
        let entry = (groups.entry)(at);
        (0..entry.names.len()).find_map(|member| entry.query(member))
    });
    if let Some(query) = asked.or(first) {
        view.ask(core::Command::Query(query));
        view.ask(core::Command::ShowAnswer);
    }
}

/// The pictures of a group as far as there is room; the query that was clicked.
fn pictures_ui(
    ui: &Ui,
    view: &mut View<'_>,
    at: usize,
    entry: &Entry,
    place: Rect,
) -> Option<Query> {
    let t = tokens(ui);
    let side = place.height() - 8.0;
    let step = side + 6.0;
    let room = ((place.width() - 44.0).max(step) / step) as usize;
    let mut asked = None;
    for member in 0..entry.names.len().min(room) {
        let corner = Pos2::new(place.left() + member as f32 * step, place.top() + 4.0);
        let rect = Rect::from_min_size(corner, Vec2::splat(side));
        let Some(image) = entry.images[member] else {
            let line = Stroke::new(1.0, t.line);
            ui.painter()
                .rect_stroke(rect, 4.0, line, StrokeKind::Inside);
            let font = FontId::proportional(10.5);
            let text = "not open";
            ui.painter()
                .text(rect.center(), Align2::CENTER_CENTER, text, font, t.weak);
            continue;
        };
        picture_in(ui, view.shell.pictures, image, rect, true);
        let id = ui.scope_id().with(("member", at, member));
        let name = &entry.names[member];
        let response = named_area(ui, rect, id, Role::Image, false, || {
            format!("Look at {name}")
        });
        if response.hovered() || response.has_focus() {
            let line = Stroke::new(2.0, t.accent);
            ui.painter()
                .rect_stroke(rect, 4.0, line, StrokeKind::Inside);
        }
        if response.on_hover_text(name).clicked() {
            asked = entry.query(member);
        }
    }
    if entry.names.len() > room {
        let rest = format!("+{}", grouped(entry.names.len() - room));
        let at = Pos2::new(place.left() + room as f32 * step + 2.0, place.center().y);
        let font = FontId::proportional(12.5);
        ui.painter()
            .text(at, Align2::LEFT_CENTER, rest, font, t.weak);
    }
    asked
}
