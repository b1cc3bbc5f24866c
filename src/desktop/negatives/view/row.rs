//! One line of the list: the query, what is right, what the model nearly prefers, by how much.

use super::View;
use crate::dataset::{Dataset, Verdict};
use crate::desktop::core::{self, Cells, Part, SetsCommand};
use crate::desktop::negatives::{Command, NegativeSet, PairOrder};
use crate::desktop::shell::marks::{Room, Underlined};
use crate::desktop::shell::select::List;
use crate::desktop::shell::terms::Term;
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{
    self, grouped, margin_colour, mark, named_area, picture_in, signed, tag,
};
use crate::desktop::shell::{Shell, take};
use crate::retrieval::mine::MinedPair;
use crate::retrieval::{MAY_FIT, Side, differing};
use egui::{Align2, CornerRadius, FontId, Rect, Role, Sense, Ui};
use std::sync::Arc;

/// Height of a line.
pub const HEIGHT: f32 = 66.0;
const PICTURE: f32 = 50.0;
const PAD: f32 = 8.0;
const MARGIN: f32 = 66.0;

/// Where the columns lie, from the left edge.
pub struct Columns {
    wide: f32,
    query: f32,
    right: f32,
    negative: f32,
    margin: f32,
    rank: f32,
    flag: f32,
}

impl Columns {
    /// For a list this wide.
    pub fn of(wide: f32) -> Self {
        let (flag, rank, margin) = (112.0, 52.0, MARGIN);
        let text = (wide - PICTURE - 2.0 * PAD - flag - rank - margin).max(160.0) / 2.0;
        let right = PICTURE + 2.0 * PAD;
        let negative = right + text;
        let margin_at = negative + text;
        Self {
            wide,
            query: PAD,
            right,
            negative,
            margin: margin_at + margin,
            rank: margin_at + margin + rank,
            flag: wide - PAD,
        }
    }
}

/// The names of the columns.
pub fn head_ui(ui: &mut Ui, view: &mut View<'_>, columns: &Columns, side: Side) {
    let t = tokens(ui);
    let (rect, _) = ui.allocate_exact_size(egui::vec2(columns.wide, 20.0), Sense::hover());
    let font = || FontId::proportional(12.0);
    let at = |x: f32| egui::pos2(rect.left() + x, rect.center().y);
    let left = |x: f32, text: &str| {
        ui.painter()
            .text(at(x), Align2::LEFT_CENTER, text, font(), t.weak);
    };
    let (query, right, negative) = match side {
        Side::Image => ("Image", "Right caption, score", "Hard negative, score"),
        Side::Text => (
            "Right",
            "Caption, score of its image",
            "Hard negative, score",
        ),
    };
    left(columns.query, query);
    left(columns.right, right);
    left(columns.negative, negative);
    ui.painter().text(
        at(columns.rank),
        Align2::RIGHT_CENTER,
        "Rank",
        font(),
        t.weak,
    );
    order_ui(ui, view, rect, columns);
    ui.painter().text(
        at(columns.flag),
        Align2::RIGHT_CENTER,
        "Flag",
        font(),
        t.weak,
    );
    let line = egui::Stroke::new(1.0, t.line);
    ui.painter().hline(rect.x_range(), rect.bottom(), line);
}

/// The head of the margins turns their order.
fn order_ui(ui: &Ui, view: &mut View<'_>, head: Rect, columns: &Columns) {
    let t = tokens(ui);
    let mut plan = view.state.plan;
    let (text, hint, other) = match plan.order {
        PairOrder::Nearest => (
            "Margin, nearest",
            "Nearest to a tie first",
            PairOrder::Worst,
        ),
        PairOrder::Worst => ("Margin, worst", "Smallest margin first", PairOrder::Nearest),
    };
    let right = head.left() + columns.margin;
    let area = Rect::from_x_y_ranges(right - 100.0..=right, head.y_range());
    let id = ui.scope_id().with("order of pairs");
    let name = || format!("{text}: {hint}");
    let response = named_area(ui, area, id, Role::ColumnHeader, true, name);
    let ink = if response.hovered() { t.text } else { t.weak };
    let font = FontId::proportional(12.0);
    ui.painter()
        .text(area.right_center(), Align2::RIGHT_CENTER, text, font, ink);
    let hint = format!("{hint}. {}", Term::Margin.hint());
    if response.on_hover_text(hint).clicked() {
        plan.order = other;
        view.own(Command::SetPlan(plan));
    }
}

/// What a pair's line says.
struct Said<'a> {
    /// Picture of the query: of the image, or of the caption's own image.
    picture: u32,
    right: &'a str,
    negative: &'a str,
    /// Picture of the negative, where it is one.
    negative_picture: Option<u32>,
}

fn said<'a>(dataset: &'a Dataset, side: Side, pair: &MinedPair) -> Said<'a> {
    match side {
        Side::Image => Said {
            picture: pair.query,
            right: &dataset.captions[pair.positive as usize],
            negative: &dataset.captions[pair.negative as usize],
            negative_picture: None,
        },
        Side::Text => Said {
            picture: pair.positive,
            right: &dataset.captions[pair.query as usize],
            negative: &dataset.captions[dataset.captions_of(pair.negative as usize).start],
            negative_picture: Some(pair.negative),
        },
    }
}

/// The pair for AccessKit.
fn name_of(dataset: &Dataset, said: &Said<'_>, pair: &MinedPair, flag: &str) -> String {
    let flag = if flag.is_empty() {
        String::new()
    } else {
        format!(", {flag}")
    };
    format!(
        "{}: right {}; negative {}; margin {}, rank {}{flag}",
        dataset.images[said.picture as usize].name,
        said.right,
        said.negative,
        signed(pair.margin(), 3),
        pair.rank
    )
}

/// Draws the pair in `place`.
pub fn row_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    set: &Arc<NegativeSet>,
    place: usize,
    columns: &Columns,
) {
    let (pair, side, t) = (&set.pairs[place], set.plan.side, tokens(ui));
    let said = said(dataset, side, pair);
    let (rect, _) = ui.allocate_exact_size(egui::vec2(columns.wide, HEIGHT), Sense::hover());
    let negatives = view.state;
    let chosen = negatives.at == place || listed(view, set).has(view, place);
    let verdict = negatives.decided.verdict(dataset, pair.rows(side));
    let (flag, flag_colour) = flag(pair, verdict, &t);
    let name = || name_of(dataset, &said, pair, flag);
    let id = ui.scope_id().with(("pair", place));
    let response = named_area(ui, rect, id, Role::Row, chosen, name);
    if chosen || response.hovered() || response.has_focus() {
        let fill = if chosen { t.accent_back } else { t.hover };
        ui.painter().rect_filled(rect, CornerRadius::same(3), fill);
    }
    let middle = rect.center().y;
    let picture = |x: f32| {
        Rect::from_center_size(
            egui::pos2(rect.left() + x + PICTURE / 2.0, middle),
            egui::Vec2::splat(PICTURE),
        )
    };
    picture_in(
        ui,
        view.pictures,
        said.picture,
        picture(columns.query),
        true,
    );
    if view.session.sets.marked.contains(&said.picture) {
        mark(ui, picture(columns.query));
    }
    let mut left = columns.negative;
    if let Some(image) = said.negative_picture {
        picture_in(ui, view.pictures, image, picture(left), true);
        left += PICTURE + PAD;
    }
    let [ours, theirs] = differing(said.right, said.negative);
    let faded = verdict == Some(Verdict::Right);
    let ink = if faded { t.weak } else { t.text };
    let room = columns.negative - columns.right - 2.0 * PAD;
    let within = |wide: f32| Room {
        wide: wide.max(40.0),
        rows: 2,
    };
    let text = Underlined::new(
        ui,
        said.right,
        &ours,
        font(),
        [t.text, t.good],
        within(room),
    );
    cell(ui, rect, columns.right, &text, pair.scores[0], &t);
    let room = columns.margin - MARGIN - left - PAD;
    let text = Underlined::new(
        ui,
        said.negative,
        &theirs,
        font(),
        [ink, t.bad],
        within(room),
    );
    cell(ui, rect, left, &text, pair.scores[1], &t);
    let number = |x: f32, text: String, colour| {
        let at = egui::pos2(rect.left() + x, middle);
        let font = FontId::proportional(13.0);
        ui.painter()
            .text(at, Align2::RIGHT_CENTER, text, font, colour);
    };
    let margin = pair.margin();
    let colour = if faded {
        t.weak
    } else {
        margin_colour(&t, margin)
    };
    number(columns.margin, signed(margin, 3), colour);
    number(columns.rank, grouped(pair.rank as usize), t.text);
    if !flag.is_empty() {
        let right = egui::pos2(rect.left() + columns.flag, middle);
        tag(
            ui,
            right,
            flag,
            flag_colour,
            flag_colour.gamma_multiply(0.2),
        );
    }
    let line = egui::Stroke::new(1.0, t.line);
    ui.painter().hline(rect.x_range(), rect.bottom(), line);
    let list = listed(view, set);
    let act = list.row(&response, view, place, |ui, shell, chosen| {
        chosen_ui(ui, shell, dataset, set, chosen);
    });
    if act.goes {
        view.own(Command::Select(place));
    }
    if let Some(take) = act.take {
        let cells = cells(view, set);
        list.take(view, take, cells);
    }
}

const COLUMNS: [(&str, bool); 8] = [
    ("Image", false),
    ("Right", false),
    ("Score of the right one", true),
    ("Negative", false),
    ("Score of the negative", true),
    ("Margin", true),
    ("Rank", true),
    ("Flag", false),
];

/// The pairs as a list whose rows can be chosen together.
fn listed(view: &View<'_>, set: &NegativeSet) -> List<'static> {
    List {
        name: "hard negatives",
        columns: &COLUMNS,
        count: set.pairs.len(),
        // Mined anew, they are others.
        order: view.session.now().now(Part::Negatives).unwrap_or(0),
    }
}

/// What the lines say.
fn cells(view: &View<'_>, set: &Arc<NegativeSet>) -> Cells {
    let (set, dataset) = (Arc::clone(set), view.session.dataset().cloned());
    let all = view.state.decided.all.clone();
    Cells::made(move |at| {
        let (Some(dataset), Some(pair)) = (dataset.as_deref(), set.pairs.get(at)) else {
            return Vec::new();
        };
        let said = said(dataset, set.plan.side, pair);
        let score = |n: usize| format!("{:.4}", pair.scores[n]).replace('-', "−");
        vec![
            dataset.images[said.picture as usize].name.clone(),
            said.right.to_owned(),
            score(0),
            said.negative.to_owned(),
            score(1),
            signed(pair.margin(), 4),
            grouped(pair.rank as usize),
            word(pair, all.of(dataset, pair.rows(set.plan.side))).to_owned(),
        ]
    })
}

/// What can be done with the pictures of the pairs that are chosen.
fn chosen_ui(
    ui: &mut Ui,
    shell: &mut Shell<'_>,
    dataset: &Dataset,
    set: &NegativeSet,
    chosen: &[usize],
) {
    let pairs = chosen.iter().filter_map(|&at| set.pairs.get(at));
    let images = pairs.map(|pair| said(dataset, set.plan.side, pair).picture);
    let mut images: Vec<u32> = images.collect();
    images.sort_unstable();
    images.dedup();
    for (text, mark) in [("Mark", true), ("Unmark", false)] {
        let what = format!(
            "{text} {} image{}",
            images.len(),
            if images.len() == 1 { "" } else { "s" }
        );
        if ui.button(what).clicked() {
            shell.ask(core::Command::Sets(SetsCommand::Mark(images.clone(), mark)));
            ui.close();
        }
    }
    if let [image] = images[..] {
        take::picture_ui(ui, shell, image);
    }
    ui.separator();
}

/// What is thought of the pair, in a word or two.
fn word(pair: &MinedPair, verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Right) => "right",
        Some(Verdict::Wrong) => "wrong",
        None if !pair.reasons.is_empty() => MAY_FIT,
        None => "",
    }
}

/// What is thought of the pair, with its colour.
fn flag(pair: &MinedPair, verdict: Option<Verdict>, t: &Tokens) -> (&'static str, egui::Color32) {
    let colour = match verdict {
        Some(Verdict::Right) => t.good,
        Some(Verdict::Wrong) => t.bad,
        None if !pair.reasons.is_empty() => t.warn,
        None => t.weak,
    };
    (word(pair, verdict), colour)
}

/// The font of captions.
fn font() -> FontId {
    FontId::proportional(13.0)
}

/// Two lines of text and the score below.
fn cell(ui: &Ui, row: Rect, left: f32, text: &Underlined, score: f32, t: &Tokens) {
    let score = widgets::score(score);
    let figure = ui
        .painter()
        .layout_no_wrap(score, FontId::proportional(12.0), t.weak);
    let tall = text.size().y + figure.size().y + 1.0;
    let top = egui::pos2(row.left() + left, row.center().y - tall / 2.0);
    let below = top + egui::vec2(0.0, text.size().y + 1.0);
    text.paint(ui.painter(), top, t.text);
    ui.painter().galley(below, figure, t.weak);
}
