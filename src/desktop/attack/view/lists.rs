//! Where the captions stand before and after, and what moved.

use super::View;
use crate::attack::{CaptionRanking, Goal};
use crate::compute::Hit;
use crate::dataset::Dataset;
use crate::desktop::attack::Command;
use crate::desktop::core::{self, Cells, Query};
use crate::desktop::shell::marks::{Room, Underlined};
use crate::desktop::shell::select::{List, order_of};
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{grouped, heading, named_area, score, weak};
use crate::retrieval::{Said, Side};
use egui::{Align2, CornerRadius, FontId, Rect, Role, ScrollArea, Ui};
use std::ops::Range;

/// Captions before the attack.
pub fn before_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset) {
    let lab = view.state;
    let standing = lab
        .last(view.session.now())
        .map(|d| d.result.before.clone());
    let clean = lab.clean(view.session.now());
    let standing = standing.or_else(|| clean.map(|c| c.standing.as_ref().clone()));
    heading(ui, "Before");
    match standing {
        Some(standing) => {
            let title = Title {
                when: "before",
                name: "captions before the attack",
                came_from: None,
            };
            list_ui(ui, view, dataset, &standing, &title);
        }
        None => {
            weak(ui, "The best captions of the picture appear here.");
        }
    }
}

/// Captions after it.
pub fn after_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset) {
    heading(ui, "After");
    let Some(done) = view.state.last(view.session.now()).cloned() else {
        weak(
            ui,
            "Attack the picture to see what moves. Choose a target by clicking a wrong caption.",
        );
        return;
    };
    let title = Title {
        when: "after",
        name: "captions after the attack",
        came_from: Some(&done.came_from),
    };
    list_ui(ui, view, dataset, &done.result.after, &title);
}

struct Title<'a> {
    when: &'static str,
    /// The list's name.
    name: &'static str,
    /// The rank that each caption had before.
    came_from: Option<&'a [u32]>,
}

/// A caption of a list.
struct Row<'a> {
    /// Its rank.
    rank: u32,
    /// The rank it had before.
    was: Option<u32>,
    hit: Hit,
    text: &'a str,
    right: bool,
    target: bool,
    /// Words that no right caption has; of a right one, those that the target lacks.
    strange: Vec<Range<usize>>,
}

fn list_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    standing: &CaptionRanking,
    title: &Title<'_>,
) {
    let Some(image) = view.state.image else {
        return;
    };
    let own = dataset.captions_of(image);
    let target = target(view, standing);
    let said = [
        Said::by(&dataset.captions[own.clone()]),
        Said::by(target.and_then(|t| dataset.captions.get(t))),
    ];
    let row = |rank: u32, was: Option<u32>, hit: Hit| {
        let at = hit.index as usize;
        let (text, right) = (dataset.captions.get(at)?.as_str(), own.contains(&at));
        Some(Row {
            rank,
            was,
            hit,
            text,
            right,
            target: target == Some(at),
            strange: said[usize::from(right)].lacks(text),
        })
    };
    let listed = |hit: Hit| standing.hits.iter().any(|h| h.index == hit.index);
    let mut rows: Vec<Row<'_>> = standing
        .hits
        .iter()
        .enumerate()
        .filter_map(|(i, hit)| {
            let was = title.came_from.and_then(|c| c.get(i).copied());
            row(i as u32 + 1, was, *hit)
        })
        .collect();
    let further = rows.len();
    let below = [
        standing.right.map(|hit| (hit, standing.rank)),
        standing.target,
    ];
    for (hit, rank) in below.into_iter().flatten().filter(|(hit, _)| !listed(*hit)) {
        rows.extend(row(rank, None, hit));
    }
    ScrollArea::vertical()
        .id_salt(("lab list", title.when))
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            // What fell out of sight comes first: it is what the attack was about.
            rows.rotate_left(further);
            for at in 0..rows.len() {
                row_ui(ui, view, (&rows, at), title, image);
            }
        });
}

const COLUMNS: [(&str, bool); 5] = [
    ("Rank", true),
    ("Was", true),
    ("Score", true),
    ("Caption", false),
    ("Right", false),
];

/// A list whose rows can be chosen together.
fn listed(rows: &[Row<'_>], title: &Title<'_>) -> List<'static> {
    List {
        name: title.name,
        columns: &COLUMNS,
        count: rows.len(),
        order: order_of(&rows.iter().map(|row| row.hit.index).collect::<Vec<_>>()),
    }
}

/// What the rows say.
fn cells(rows: &[Row<'_>]) -> Cells {
    let said = rows.iter().map(|row| {
        vec![
            grouped(row.rank as usize),
            row.was
                .map_or_else(String::new, |was| grouped(was as usize)),
            format!("{:.4}", row.hit.score).replace('-', "−"),
            row.text.to_owned(),
            if row.right { "right" } else { "" }.to_owned(),
        ]
    });
    Cells::of(said.collect())
}

/// The caption shown as the near miss: the one that is to win, else the hardest wrong one.
fn target(view: &View<'_>, standing: &CaptionRanking) -> Option<usize> {
    let lab = view.state;
    let wrong = || standing.wrong.map(|h| h.index as usize);
    match lab.goal {
        Goal::Win | Goal::Match => lab.target(view.session.now()),
        Goal::Lose | Goal::Away => wrong(),
    }
}

fn row_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    (rows, nth): (&[Row<'_>], usize),
    title: &Title<'_>,
    image: usize,
) {
    let (t, row) = (tokens(ui), &rows[nth]);
    let list = listed(rows, title);
    let wide = ui.available_width() - 4.0;
    let left = if title.came_from.is_some() {
        124.0
    } else {
        86.0
    };
    let font = FontId::proportional(12.5);
    let line = if row.right { t.good } else { t.bad };
    let room = Room {
        wide: (wide - left - 6.0).max(60.0),
        rows: 2,
    };
    let caption = Underlined::new(ui, row.text, &row.strange, font, [t.text, line], room);
    let tall = (caption.size().y + 7.0).max(24.0);
    let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, tall), egui::Sense::hover());
    if !ui.is_rect_visible(rect) {
        return;
    }
    let describe = || {
        let mark = match (row.right, row.target) {
            (true, _) => ", right",
            (_, true) => ", target",
            _ => "",
        };
        let was = row.was.map_or_else(String::new, |w| format!(", was {w}"));
        format!(
            "{} {}. {}, score {:.3}{was}{mark}",
            title.when, row.rank, row.text, row.hit.score
        )
    };
    let id = ui.scope_id().with((title.when, row.hit.index));
    let response = named_area(ui, rect, id, Role::ListItem, row.target, describe);
    if list.has(view, nth) {
        let fill = t.accent_back;
        ui.painter()
            .rect_filled(rect.expand(1.0), CornerRadius::same(4), fill);
    }
    paint_row(ui, row, rect, left, &response, &t);
    let corner = egui::pos2(rect.left() + left, rect.center().y - caption.size().y / 2.0);
    caption.paint(ui.painter(), corner, t.text);
    let at = row.hit.index as usize;
    let response = if row.right {
        response
    } else {
        response.on_hover_text("Click to make this caption the target")
    };
    let mut wins = false;
    let act = list.row(&response, view, nth, |ui, shell, chosen| {
        if !row.right && ui.button("Make this caption win").clicked() {
            wins = true;
            ui.close();
        }
        if ui.button("Copy the text").clicked() {
            let texts: Vec<&str> = chosen.iter().map(|&at| rows[at].text).collect();
            shell.ask(core::Command::Copy(texts.join("\n")));
            ui.close();
        }
        let other = shell.session.dataset().map(|d| d.image_of(at));
        if ui.button("Attack the picture of this caption").clicked()
            && let Some(other) = other.filter(|other| *other != image)
        {
            shell.ask(core::Command::Query(Query::Row(Side::Image, other)));
            ui.close();
        }
    });
    if wins {
        view.own(Command::SetGoal(Goal::Win));
        view.own(Command::SetTarget(Some(at)));
    }
    if act.goes && !row.right {
        view.own(Command::SetTarget(Some(at)));
    }
    if let Some(take) = act.take {
        list.take(view, take, cells(rows));
    }
}

fn paint_row(ui: &Ui, row: &Row<'_>, rect: Rect, left: f32, response: &egui::Response, t: &Tokens) {
    let (ink, back) = match (row.right, row.target) {
        (true, _) => (t.good, Some(t.good_back)),
        (_, true) => (t.bad, Some(t.bad_back)),
        _ => (t.weak, None),
    };
    let lit = response.hovered() || response.has_focus();
    if let Some(fill) = back.or(lit.then_some(t.hover)) {
        ui.painter().rect_filled(rect, CornerRadius::same(4), fill);
    }
    if response.has_focus() {
        let stroke = egui::Stroke::new(1.0, t.accent);
        ui.painter().rect_stroke(
            rect,
            CornerRadius::same(4),
            stroke,
            egui::StrokeKind::Inside,
        );
    }
    let font = || FontId::proportional(12.5);
    let middle = rect.center().y;
    // Colour alone tells nothing.
    let sign = match (row.right, row.target) {
        (true, _) => "✔",
        (_, true) => "✖",
        _ => "",
    };
    let at_sign = egui::pos2(rect.left() + 8.0, middle);
    ui.painter()
        .text(at_sign, Align2::LEFT_CENTER, sign, font(), ink);
    let at = |x: f32| egui::pos2(rect.left() + x, middle);
    let mut edge = left - 52.0;
    if let Some(was) = row.was.filter(|w| *w != row.rank) {
        let text = format!("{} →", grouped(was as usize));
        let colour = if row.right || row.target { ink } else { t.weak };
        ui.painter()
            .text(at(edge - 22.0), Align2::RIGHT_CENTER, text, font(), colour);
    }
    ui.painter().text(
        at(edge),
        Align2::RIGHT_CENTER,
        grouped(row.rank as usize),
        font(),
        ink,
    );
    edge = left - 8.0;
    let score = score(row.hit.score);
    ui.painter()
        .text(at(edge), Align2::RIGHT_CENTER, score, font(), t.text);
}
