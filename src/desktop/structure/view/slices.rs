//! Recall of parts of the queries, with intervals.

use super::View;
use super::side_of;
use crate::desktop::core;
use crate::desktop::shell::table::{self, Column, Row, Rows, Sort, Table};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, segmented, signed, weak};
use crate::retrieval::structure::{MANY, Slice, SliceKind, Structure, few};
use egui::{CornerRadius, Rect, Stroke, Ui, Vec2};

const COLUMNS: [Column; 8] = [
    table::text("Slice", 0.0),
    table::text("By", 0.22),
    table::figure("Queries", 0.30),
    table::figure("R@1", 0.40),
    table::text("95 % interval", 0.48),
    table::figure("R@5", 0.70),
    table::figure("R@10", 0.79),
    table::figure("Difference", 0.88),
];

/// The largest slices first.
const TABLE: Table<'static> = Table {
    name: "slices",
    columns: &COLUMNS,
    sort: Some(Sort {
        column: 2,
        falling: true,
    }),
};

/// Draws the page.
pub fn slices_ui(ui: &mut Ui, view: &mut View<'_>, found: &Structure) {
    let structure = side_of(view, found);
    filter_ui(ui, view, found);
    let slices = chosen(view, &structure.slices);
    notes_ui(ui, structure.slices.first(), &slices);
    let slices = sorted(slices, TABLE.head_ui(ui, view));
    let t = tokens(ui);
    let row = |_: &mut View<'_>, at: usize| {
        let slice = slices[at];
        let [r1, r5, r10] = slice.recall.map(|r| format!("{r:.1}"));
        let (low, high) = (slice.interval[0], slice.interval[1]);
        let difference = signed(slice.difference as f32, 1);
        let ink = match (slice.stands_out(), slice.difference < 0.0) {
            (false, _) => t.text,
            (true, true) => t.bad,
            (true, false) => t.good,
        };
        let mark = if few(slice.count) {
            ", few queries"
        } else {
            ""
        };
        Row {
            name: format!(
                "{} {}: {} queries{mark}, R@1 {r1}, interval {low:.1} to {high:.1}, R@5 {r5}, R@10 {r10}, difference {difference}",
                kind_name(slice.kind),
                slice.name,
                slice.count
            ),
            cells: vec![
                (slice.name.clone(), t.text),
                (kind_name(slice.kind).to_owned(), t.weak),
                (grouped(slice.count), t.text),
                (r1, ink),
                (format!("{low:.1}–{high:.1}"), t.weak),
                (r5, t.text),
                (r10, t.text),
                (difference, ink),
            ],
            pale: few(slice.count),
            ..Row::default()
        }
    };
    // The interval as a bar, from 0 to the largest shown, with a line at the R@1 of all.
    let most = slices.iter().map(|s| s.interval[1]).fold(1.0, f64::max);
    let extra = |ui: &Ui, _: &mut View<'_>, at: usize, cell: &dyn Fn(usize) -> Rect| {
        let slice = slices[at];
        let cell = cell(4);
        let track = Rect::from_min_max(
            cell.left_center() + Vec2::new(cell.width() * 0.42, -3.0),
            cell.right_center() + Vec2::new(-6.0, 3.0),
        );
        let x = |percent: f64| track.left() + track.width() * (percent / most) as f32;
        let pale = if few(slice.count) { 0.45 } else { 1.0 };
        ui.painter()
            .rect_filled(track, CornerRadius::same(3), t.track);
        let bar =
            Rect::from_x_y_ranges(x(slice.interval[0])..=x(slice.interval[1]), track.y_range());
        ui.painter()
            .rect_filled(bar, CornerRadius::same(3), t.bar.gamma_multiply(pale));
        let mark = |percent: f64, colour| {
            let line = Stroke::new(1.5, colour);
            ui.painter()
                .vline(x(percent), track.expand(2.0).y_range(), line);
        };
        mark(slice.recall[0] - slice.difference, t.weak);
        mark(slice.recall[0], t.text);
    };
    if let Some(at) = TABLE.rows_ui(ui, view, Rows::of(slices.len()), row, extra) {
        let slice = slices[at];
        if slice.kind != SliceKind::Length {
            // The browser lists what holds the word.
            let side = view.memory.side;
            view.shell.memory.filter.clone_from(&slice.name);
            view.ask(core::Command::SetSide(side));
            view.ask(core::Command::Filter(slice.name.clone()));
            view.ask(core::Command::ShowAnswer);
        }
    }
}

fn kind_name(kind: SliceKind) -> &'static str {
    match kind {
        SliceKind::Word => "word",
        SliceKind::Length => "length",
        SliceKind::Folder => "folder",
    }
}

fn filter_ui(ui: &mut Ui, view: &mut View<'_>, found: &Structure) {
    let state = &mut *view.memory;
    ui.horizontal(|ui| {
        let mut choices = vec![
            (None, "All", "Every slice"),
            (
                Some(SliceKind::Word),
                "Words",
                "Queries with a word in the caption, or in one of the image's",
            ),
            (
                Some(SliceKind::Length),
                "Lengths",
                "Queries by words of the caption, or the mean over the image's",
            ),
        ];
        if found.folders {
            choices.push((
                Some(SliceKind::Folder),
                "Folders",
                "Queries by the folder in the image's name",
            ));
        }
        if let Some(kind) = segmented(ui, state.kind, &choices) {
            state.kind = kind;
        }
        let field = egui::TextEdit::singleline(&mut state.filter)
            .hint_text("Find a slice")
            .desired_width(140.0);
        ui.name_inputs("Find a slice", |ui| ui.add(field));
        ui.checkbox(&mut state.few, format!("Also below {MANY} queries"))
            .on_hover_text("Their figures say little; they are drawn pale");
    });
}

fn chosen<'a>(view: &View<'_>, slices: &'a [Slice]) -> Vec<&'a Slice> {
    let state = &view.memory;
    let needle = state.filter.trim().to_lowercase();
    slices
        .iter()
        .filter(|s| state.kind.is_none_or(|kind| s.kind == kind))
        .filter(|s| state.few || !few(s.count))
        .filter(|s| needle.is_empty() || s.name.to_lowercase().contains(&needle))
        .collect()
}

/// What all queries do, and what so many comparisons mean.
fn notes_ui(ui: &mut Ui, any: Option<&Slice>, slices: &[&Slice]) {
    let whole = any.map_or(0.0, |s| s.recall[0] - s.difference);
    let out = slices.iter().filter(|s| s.stands_out()).count();
    let text = format!(
        "R@1 of all queries {whole:.1}. {} slices; {} intervals leave it out, where about {:.0} would by chance alone: \
         with so many comparisons, single ones prove little. A click lists the queries.",
        grouped(slices.len()),
        grouped(out),
        0.05 * slices.len() as f64
    );
    weak(ui, text);
}

fn sorted(mut slices: Vec<&Slice>, sort: Sort) -> Vec<&Slice> {
    slices.sort_by(|a, b| {
        let order = match sort.column {
            0 => a.name.cmp(&b.name),
            1 => kind_name(a.kind).cmp(kind_name(b.kind)),
            2 => a.count.cmp(&b.count),
            3 => a.recall[0].total_cmp(&b.recall[0]),
            4 => a.interval[0].total_cmp(&b.interval[0]),
            5 => a.recall[1].total_cmp(&b.recall[1]),
            6 => a.recall[2].total_cmp(&b.recall[2]),
            _ => a.difference.total_cmp(&b.difference),
        };
        sort.turn(order)
            .then(b.count.cmp(&a.count))
            .then(a.name.cmp(&b.name))
    });
    slices
}
