//! The runs of this session: settings, main figure, and a button that does each again.

use super::{View, ago};
use crate::desktop::core::{Cells, Command, Ran, Standing};
use crate::desktop::shell::table::{self, Column, Row, Rows, Table};
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{grouped, heading, weak};
use egui::{
    Align2, Color32, CornerRadius, FontId, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo,
};

/// Height of a row: two lines.
const TALL: f32 = 40.0;

const COLUMNS: [Column; 7] = [
    table::text("Run", 0.0),
    table::text("Of", 0.11),
    table::text("Settings", 0.23),
    table::text("Result", 0.54),
    table::figure("Took", 0.79),
    table::figure("Began", 0.85),
    table::text("", 0.93),
];

const TABLE: Table<'static> = Table {
    name: "runs",
    columns: &COLUMNS,
    sort: None,
};

/// Draws them, the newest first. A click on one shows the view of its result.
pub fn runs_ui(ui: &mut Ui, view: &mut View<'_>) {
    let t = tokens(ui);
    let session = view.session;
    let runs: Vec<&Ran> = session.runs.all().iter().rev().collect();
    ui.horizontal(|ui| {
        heading(ui, &format!("Runs ({})", grouped(runs.len())));
        if ui.button("Forget the runs").clicked() {
            view.ask(Command::ClearRuns);
        }
        weak(ui, "Again runs one with its settings once more.");
    });
    TABLE.head_ui(ui, view);
    let row = |_: &mut View<'_>, at: usize| {
        let ran = runs[at];
        let texts = texts(ran);
        let colours = [
            t.text,
            t.weak,
            t.weak,
            result_colour(&t, ran),
            t.weak,
            t.weak,
            t.weak,
        ];
        Row {
            name: texts[..4].join(", "),
            cells: texts.into_iter().zip(colours).collect(),
            lines: 2,
            ..Row::default()
        }
    };
    let mut again = None;
    let extra = |ui: &Ui, view: &mut View<'_>, at: usize, cell: &dyn Fn(usize) -> Rect| {
        let ran = runs[at];
        let refused = ran.refused(view.session.now());
        if again_ui(ui, cell(6), at, ran, refused) {
            again = Some(ran.id);
        }
    };
    let cells = || Cells::of(runs.iter().map(|ran| texts(ran)).collect());
    let rows = Rows {
        tall: TALL,
        cells: Some(&cells),
        ..Rows::of(runs.len())
    };
    let clicked = TABLE.rows_ui(ui, view, rows, row, extra);
    if let Some(id) = again {
        view.ask(Command::Again(id));
    } else if let Some(at) = clicked {
        view.ask(Command::Show(runs[at].begun.tab));
    }
}

/// What a run says in each column.
fn texts(ran: &Ran) -> Vec<String> {
    let result = match &ran.standing {
        Standing::Going => "under way…".to_owned(),
        Standing::Done(figure) => figure.clone(),
        Standing::BrokenOff(why) => why.clone(),
    };
    let took = ran.took.map_or_else(String::new, |took| {
        let seconds = took.as_secs_f64();
        match seconds {
            s if s < 10.0 => format!("{s:.1} s"),
            s if s < 120.0 => format!("{s:.0} s"),
            s => format!("{:.0} min", s / 60.0),
        }
    });
    vec![
        ran.begun.what.to_owned(),
        ran.begun.of.clone(),
        ran.begun.settings.clone(),
        result,
        took,
        ago(ran.at),
        String::new(),
    ]
}

fn result_colour(t: &Tokens, ran: &Ran) -> Color32 {
    match &ran.standing {
        Standing::Done(_) => t.text,
        Standing::Going => t.weak,
        Standing::BrokenOff(_) => t.warn,
    }
}

/// The button that does a run again; whether it was clicked.
fn again_ui(ui: &Ui, place: Rect, at: usize, ran: &Ran, refused: Option<&'static str>) -> bool {
    let t = tokens(ui);
    let size = Vec2::new(52.0_f32.min(place.width()), 22.0);
    let rect = Rect::from_center_size(place.center(), size);
    let id = ui.scope_id().with(("again", at));
    let response = ui.interact(rect, id, Sense::click());
    let name = format!("Again: {}, {}", ran.begun.what, ran.begun.settings);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, refused.is_none(), &name));
    let lit = refused.is_none() && (response.hovered() || response.has_focus());
    let (fill, line, ink) = match refused {
        Some(_) => (Color32::TRANSPARENT, t.line, t.weak.gamma_multiply(0.6)),
        None => (if lit { t.hover } else { t.raised }, t.line, t.text),
    };
    let line = Stroke::new(1.0, if lit { t.accent } else { line });
    let radius = CornerRadius::same(4);
    ui.painter()
        .rect(rect, radius, fill, line, StrokeKind::Inside);
    let font = FontId::proportional(12.5);
    ui.painter()
        .text(rect.center(), Align2::CENTER_CENTER, "Again", font, ink);
    let hint = refused.unwrap_or("Run it again with these settings");
    response.on_hover_text(hint).clicked() && refused.is_none()
}
