//! How far the stages are, and what failed.

use super::View;
use super::words::{ago, left, rate};
use crate::desktop::shell::table::{Column, Row, Rows, Table, figure, text};
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{bar, grouped, heading};
use crate::parts::Stage;
use crate::parts::status::{StageStatus, Status};
use egui::{Rect, RichText, ScrollArea, Ui, Vec2};

const COLUMNS: [Column; 6] = [
    text("Stage", 0.0),
    figure("Done", 0.14),
    text("", 0.30),
    figure("Rate", 0.56),
    figure("Time left", 0.70),
    figure("Failed", 0.88),
];

const TABLE: Table<'static> = Table {
    name: "stages of the run",
    columns: &COLUMNS,
    sort: None,
};

/// A line of the table.
struct Line {
    name: &'static str,
    done: usize,
    of: usize,
    rate: String,
    left: String,
    idle: bool,
    failed: Option<usize>,
}

/// Without a task done for so long, in milliseconds, nobody seems to work.
const IDLE: u64 = 180_000;

fn lines(status: &Status, watching: bool) -> Vec<Line> {
    let mut all = Vec::new();
    for stage in &status.stages {
        all.push(tasks(stage, watching));
        if stage.merges > 0 {
            all.push(Line {
                name: "Merge",
                done: stage.ranges_merged,
                of: stage.merges,
                rate: String::new(),
                left: String::new(),
                idle: false,
                failed: None,
            });
        }
    }
    all
}

fn tasks(stage: &StageStatus, watching: bool) -> Line {
    let open = stage.done < stage.tasks;
    let since = stage
        .last
        .map(|last| crate::task::now().saturating_sub(last));
    let idle = open && since.is_some_and(|since| since > IDLE);
    let told = match (open, idle, stage.seconds_left) {
        (false, ..) => "done".to_owned(),
        (_, true, _) => format!("no task done for {}", ago(since.unwrap_or(0) / 1000)),
        (_, _, Some(seconds)) if watching => left(seconds),
        _ => "not known yet".to_owned(),
    };
    Line {
        name: match stage.stage {
            Stage::Embed => "Embed",
            Stage::Rank => "Rank",
            Stage::Mine => "Mine",
            Stage::Attack => "Attack",
        },
        done: stage.done,
        of: stage.tasks,
        rate: if open && !idle {
            rate(stage.rate)
        } else {
            String::new()
        },
        left: told,
        idle,
        failed: Some(stage.failed.len()),
    }
}

/// Draws the table, and the failures below it.
pub fn stages_ui(ui: &mut Ui, view: &mut View<'_>, status: &Status) {
    ui.spacing_mut().item_spacing.y = 2.0;
    TABLE.head_ui(ui, view);
    let lines = lines(status, view.state.watching);
    let t = tokens(ui);
    let row = |_: &mut View<'_>, at: usize| row(&lines[at], &t);
    let extra = |ui: &Ui, _: &mut View<'_>, at: usize, cell: &dyn Fn(usize) -> Rect| {
        let told = &lines[at];
        let cell = cell(2).shrink2(Vec2::new(9.0, 0.0));
        let place = Rect::from_center_size(cell.center(), Vec2::new(cell.width(), 7.0));
        let ink = if told.done == told.of {
            t.good
        } else {
            t.accent
        };
        bar(ui, place, told.done as f32 / told.of.max(1) as f32, ink);
    };
    let rows = Rows {
        scrolls: false,
        ..Rows::of(lines.len())
    };
    TABLE.rows_ui(ui, view, rows, row, extra);
    ui.spacing_mut().item_spacing.y = 6.0;
    failures_ui(ui, view, status);
}

fn row(told: &Line, t: &Tokens) -> Row {
    let done = format!("{} of {}", grouped(told.done), grouped(told.of));
    let failed = told.failed.map_or_else(String::new, grouped);
    let mut name = format!("{}: {done} done", told.name);
    for part in [&told.rate, &told.left] {
        if !part.is_empty() {
            name = format!("{name}, {part}");
        }
    }
    if !failed.is_empty() {
        name = format!("{name}, {failed} failed");
    }
    let many = told.failed.is_some_and(|n| n > 0);
    Row {
        name,
        cells: vec![
            (told.name.to_owned(), t.text),
            (done, t.text),
            (String::new(), t.text),
            (told.rate.clone(), t.weak),
            (told.left.clone(), if told.idle { t.warn } else { t.weak }),
            (failed, if many { t.bad } else { t.weak }),
        ],
        ..Row::default()
    }
}

/// Tasks that failed the last time they were tried, with what they said.
fn failures_ui(ui: &mut Ui, view: &View<'_>, status: &Status) {
    let t = tokens(ui);
    let count: usize = status.stages.iter().map(|s| s.failed.len()).sum();
    if count == 0 {
        return;
    }
    ui.add_space(8.0);
    let s = if count == 1 { "" } else { "s" };
    heading(
        ui,
        &format!("{} task{s} failed the last time", grouped(count)),
    );
    let most = if view.state.found().is_some() {
        66.0
    } else {
        240.0
    };
    ScrollArea::vertical()
        .id_salt("failures")
        .max_height(most)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            for stage in &status.stages {
                for failure in &stage.failed {
                    ui.horizontal_wrapped(|ui| {
                        ui.spacing_mut().item_spacing.x = 6.0;
                        let at = format!("Failed: {} {}", stage.stage.name(), failure.task);
                        ui.label(RichText::new(at).color(t.bad).strong());
                        ui.label(RichText::new(format!("on {}", failure.host)).color(t.weak));
                        ui.label(&failure.message);
                        ui.label(RichText::new(&failure.remedy).color(t.weak));
                    });
                }
            }
        });
}
