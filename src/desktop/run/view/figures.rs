//! Recall, losses, the account of the data, ranks and margins.

use super::words::extent;
use super::{View, plots, told_ui};
use crate::desktop::run::Found;
use crate::desktop::shell::terms::Term;
use crate::desktop::shell::widgets::{figure_of, grouped, heading, recalls_ui, signed, weak};
use crate::parts::RunReport;
use crate::parts::view::SideSurvey;
use crate::retrieval::Metrics;
use egui::{ScrollArea, Ui};

/// Draws the page.
pub fn figures_ui(ui: &mut Ui, view: &mut View<'_>, found: &Found) {
    let tall = ((ui.available_height() - 350.0) / 2.0).clamp(90.0, 220.0);
    ScrollArea::vertical()
        .id_salt("run figures")
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            match &found.figures {
                Ok(report) => totals_ui(ui, found, report),
                Err(told) => told_ui(ui, told),
            }
            ui.columns(2, |columns| {
                let report = found.figures.as_ref().ok().map(|found| &found.report);
                let sides = [
                    (
                        "Images look for captions (I→T)",
                        "images",
                        report.map(|r| r.i2t),
                    ),
                    (
                        "Captions look for images (T→I)",
                        "captions",
                        report.map(|r| r.t2i),
                    ),
                ];
                for (n, (title, noun, metrics)) in sides.into_iter().enumerate() {
                    let survey = &found.survey.sides[n];
                    let short = ["I→T", "T→I"][n];
                    side_ui(
                        &mut columns[n],
                        view,
                        (title, short, noun),
                        metrics,
                        survey,
                        tall,
                    );
                }
            });
            if let Ok(report) = &found.figures {
                account_ui(ui, report);
            }
        });
}

fn totals_ui(ui: &mut Ui, found: &Found, run: &RunReport) {
    let report = &run.report;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 18.0;
        heading(ui, &format!("rsum {:.1}", report.rsum));
        ui.label(format!(
            "Sum of hinges {:.3}  ·  max of hinges {:.3}  ·  margin {}",
            report.loss_sh, report.loss_mh, found.finished.plan.margin
        ))
        .on_hover_text("VSE++ equations 3 and 4, mean per image-caption pair");
        weak(ui, report.protocol.clone());
    });
    if let Some(sample) = &run.sample {
        let [images, captions] = sample.r1_standard_error;
        weak(
            ui,
            format!(
                "Of a sample: the standard error of recall at 1 is {images:.2} points for images and {captions:.2} for captions"
            ),
        );
    }
}

fn side_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    (title, short, noun): (&str, &str, &str),
    metrics: Option<Metrics>,
    survey: &SideSurvey,
    tall: f32,
) {
    heading(ui, title);
    if let Some(metrics) = metrics {
        metrics_ui(ui, short, &metrics);
    }
    let margins = &survey.margins;
    weak(
        ui,
        format!("Rank of the right one · {}", extent(&survey.extent, noun)),
    );
    plots::ranks_ui(ui, view, survey, tall, noun);
    let none = match margins.none {
        0 => String::new(),
        n => format!(" · {} without", grouped(n)),
    };
    weak(
        ui,
        format!(
            "Margin to the hardest negative · median {} · {} of {} wrong{none}",
            signed(margins.median as f32, 3),
            grouped(margins.wrong),
            grouped(survey.extent.read)
        ),
    );
    plots::margins_ui(ui, view, margins, tall, noun);
}

fn metrics_ui(ui: &mut Ui, name: &str, m: &Metrics) {
    let width = (ui.available_width() - 4.0 * 6.0 - 4.0) / 5.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        recalls_ui(ui, width, name, m, "");
        let of = |what: &str| format!("{what}, {name}");
        figure_of(
            ui,
            width,
            &format!("{:.0}", m.medr),
            ["median rank", &of("median rank")],
            Term::MedianRank,
        );
        figure_of(
            ui,
            width,
            &format!("{:.1}", m.meanr),
            ["mean rank", &of("mean rank")],
            Term::MeanRank,
        );
    });
}

fn account_ui(ui: &mut Ui, run: &RunReport) {
    ui.add_space(8.0);
    heading(ui, "The data");
    for line in run.data.describe().lines() {
        weak(ui, line.to_owned());
    }
    weak(ui, format!("{} · {}", run.data.file, run.data.format));
    weak(
        ui,
        format!(
            "{} · ranked in {:.1} s of all machines",
            run.report.engine, run.report.seconds
        ),
    );
    ui.add_space(8.0);
}
