//! Groups as rows of pictures.

use super::View;
use crate::desktop::core::{Cells, Command as Core, Query};
use crate::desktop::shell::select::List;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{bar, grouped, heading, named_area, picture_in, weak};
use crate::desktop::strata::{Command, Sort, Surveyed};
use crate::learn::strata::Redundancy;
use crate::learn::survey::AtCount;
use crate::learn::survey::words::pulls;
use crate::retrieval::Side;
use egui::{Align, Align2, FontId, Layout, Rect, Role, Sense, Stroke, Ui};

/// Height of a row, and of its pictures, which are as wide at least.
const TALL: f32 = 76.0;
const PICTURE: f32 = 60.0;
/// Width of the words on the left, and of the figures on the right.
const WORDS: f32 = 158.0;
const RIGHT: f32 = 82.0;
/// Groups that stand at the top and at the end while not all are listed.
const FIRST: usize = 5;
const LAST: usize = 2;

/// What the two ends of each order are called.
fn ends(sort: Sort) -> [[&'static str; 2]; 2] {
    match sort {
        Sort::Redundancy => [
            ["Pull the same way", "a few of each would do"],
            ["Stand alone", "each says something of its own"],
        ],
        Sort::Pull => [
            ["Pull most", "they make most of the step"],
            ["Pull least", "or against the others"],
        ],
        Sort::Size => [["Largest", ""], ["Smallest", ""]],
    }
}

/// Draws the list.
pub fn list_ui(ui: &mut Ui, view: &mut View<'_>, surveyed: &Surveyed, place: usize, at: &AtCount) {
    let pulls = |k: &usize| at.groups[*k].pulls.is_some();
    let (order, idle): (Vec<usize>, Vec<usize>) =
        view.state.order().iter().copied().partition(pulls);
    let [first, last] = ends(view.state.sort);
    ui.horizontal(|ui| {
        heading(ui, first[0]);
        weak(ui, first[1]);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            weak(ui, "bar: pairs, blue: different pulls");
        });
    });
    let between = order.len().saturating_sub(FIRST + LAST);
    let all = view.memory.all || between < 2;
    let top = if all { order.len() } else { FIRST };
    let shown: Vec<usize> = order.iter().chain(&idle).copied().collect();
    for nth in 0..top {
        row_ui(ui, view, surveyed, (place, &shown, nth), at);
    }
    if between >= 2 {
        let text = if all {
            "Show the first and the last alone".to_owned()
        } else {
            let end = order[order.len() - LAST - 1];
            format!(
                "{} groups between, down to {}: show all",
                grouped(between),
                reached(&at.groups[end], view.state.sort)
            )
        };
        if ui.link(text).clicked() {
            view.memory.all = !view.memory.all;
        }
    }
    if !all {
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            heading(ui, last[0]);
            weak(ui, last[1]);
        });
        for nth in order.len() - LAST..order.len() {
            row_ui(ui, view, surveyed, (place, &shown, nth), at);
        }
    }
    if !idle.is_empty() {
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            heading(ui, "No pull together");
            weak(ui, "their gradients are 0, or cancel out");
        });
        for nth in order.len()..shown.len() {
            row_ui(ui, view, surveyed, (place, &shown, nth), at);
        }
    }
}

/// What the order has come to.
fn reached(group: &Redundancy, sort: Sort) -> String {
    match sort {
        Sort::Redundancy => match group.redundancy() {
            Some(redundancy) => format!("a redundancy of {redundancy:.1}"),
            None => "gradients that cancel out".into(),
        },
        Sort::Pull => format!("{} of the step", share(group.share)),
        Sort::Size => format!("{} pairs", grouped(group.pairs)),
    }
}

/// A share in per cent.
pub fn share(share: Option<f64>) -> String {
    share.map_or_else(
        || "none".into(),
        |share| format!("{:.1} %", share * 100.0).replace('-', "−"),
    )
}

/// "74 pairs pull like 3.4".
pub fn pull_like(group: &Redundancy) -> String {
    let pairs = match group.pairs {
        1 => "1 pair".to_owned(),
        pairs => format!("{} pairs", grouped(pairs)),
    };
    match group.pulls {
        Some(different) => format!("{pairs} pull like {}", pulls(different)),
        None => format!("{pairs}, no pull together"),
    }
}

/// The words that name a group.
pub fn name(at: &AtCount, group: usize) -> &str {
    match at.names[group].as_str() {
        "" => "no word in common",
        name => name,
    }
}

fn row_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    surveyed: &Surveyed,
    (place, shown, nth): (usize, &[usize], usize),
    at: &AtCount,
) {
    let (t, number) = (tokens(ui), shown[nth]);
    let group = &at.groups[number];
    let images = &surveyed.pictures[place][number];
    let wide = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, TALL), Sense::hover());
    if !ui.is_rect_visible(rect) {
        return;
    }
    let chosen = view.state.group() == Some(number);
    let words = pull_like(group);
    let part = share(group.share);
    let id = ui.scope_id().with(("group", number));
    let told = || {
        format!(
            "{}: {words}, {part} of the step, {} pictures",
            name(at, number),
            grouped(images.len())
        )
    };
    let area = named_area(ui, rect, id, Role::Row, chosen, told);
    if chosen || area.hovered() {
        let fill = if chosen { t.accent_back } else { t.hover };
        ui.painter().rect_filled(rect, 4.0, fill);
    }
    let painter = ui.painter();
    painter.hline(
        rect.x_range(),
        rect.bottom(),
        Stroke::new(1.0, t.line.gamma_multiply(0.7)),
    );
    let left = rect.left() + 8.0;
    let text = |y: f32, words: &str, size: f32, colour| {
        let mut job = egui::text::LayoutJob::simple_singleline(
            words.into(),
            FontId::proportional(size),
            colour,
        );
        job.wrap = egui::text::TextWrapping::truncate_at_width(WORDS - 14.0);
        let galley = painter.layout_job(job);
        let at = egui::pos2(left, rect.top() + y - galley.size().y / 2.0);
        painter.galley(at, galley, colour);
    };
    text(17.0, name(at, number), 12.0, t.weak);
    text(37.0, &words, 13.5, t.text);
    let largest = at.groups.iter().map(|g| g.pairs).max().unwrap_or(1).max(1);
    let long = (WORDS - 24.0) * group.pairs as f32 / largest as f32;
    let track = Rect::from_min_size(egui::pos2(left, rect.top() + 53.0), egui::vec2(long, 6.0));
    let different = group.pulls.unwrap_or(0.0) / group.pairs.max(1) as f64;
    bar(ui, track, different as f32, t.accent);
    figures_ui(ui, rect, &part, images.len());
    pictures_ui(ui, view, rect, images);
    let list = List {
        name: "groups of gradients",
        columns: &COLUMNS,
        count: shown.len(),
        order: 3 * place as u64 + view.state.sort as u64,
    };
    let act = list.row(&area, view, nth, |_, _, _| {});
    if act.goes {
        view.own(Command::Choose(number));
    }
    if let Some(take) = act.take {
        let row = |&n: &usize| {
            let group = &at.groups[n];
            vec![
                name(at, n).to_owned(),
                grouped(group.pairs),
                group.pulls.map_or_else(String::new, pulls),
                share(group.share),
                grouped(surveyed.pictures[place][n].len()),
            ]
        };
        let cells = Cells::of(shown.iter().map(row).collect());
        list.take(view, take, cells);
    }
}

const COLUMNS: [(&str, bool); 5] = [
    ("Words", false),
    ("Pairs", true),
    ("Different pulls", true),
    ("Share of the step", true),
    ("Pictures", true),
];

fn figures_ui(ui: &Ui, rect: Rect, part: &str, pictures: usize) {
    let t = tokens(ui);
    let lines = [
        (17.0, part.to_owned(), 12.5, t.text),
        (35.0, "of the step".to_owned(), 11.5, t.weak),
        (
            53.0,
            if pictures == 1 {
                "1 picture".into()
            } else {
                format!("{} pictures", grouped(pictures))
            },
            11.5,
            t.weak,
        ),
    ];
    for (y, words, size, colour) in lines {
        let at = egui::pos2(rect.right() - 8.0, rect.top() + y);
        let font = FontId::proportional(size);
        ui.painter()
            .text(at, Align2::RIGHT_CENTER, words, font, colour);
    }
}

fn pictures_ui(ui: &Ui, view: &mut View<'_>, rect: Rect, images: &[u32]) {
    let gap = 4.0;
    let room = rect.width() - WORDS - RIGHT;
    let fit = ((room + gap) / (PICTURE + gap)).floor().max(0.0) as usize;
    let each = (room + gap) / fit.max(1) as f32 - gap;
    for (n, &image) in images.iter().take(fit).enumerate() {
        let min = egui::pos2(
            rect.left() + WORDS + n as f32 * (each + gap),
            rect.top() + (TALL - PICTURE) / 2.0,
        );
        let place = Rect::from_min_size(min, egui::vec2(each, PICTURE));
        picture_in(ui, view.pictures, image, place, true);
        if view.session.sets.marked.contains(&image) {
            crate::desktop::shell::widgets::mark(ui, place);
        }
    }
}

/// Makes an image the query.
pub fn look_at(view: &mut View<'_>, image: u32) {
    view.ask(Core::Query(Query::Row(Side::Image, image as usize)));
}
