//! The best rate of each loss, where several were tried.

use super::super::View;
use super::super::looks::Looks;
use super::runs::sign_ui;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{heading, weak};
use crate::learn::{Band, Group, rate, title};
use egui::{Align, Align2, FontId, Layout, Role, Sense, Stroke, Ui, WidgetInfo};
use std::collections::BTreeSet;

/// Height of a row.
const TALL: f32 = 22.0;

/// The best of the groups that one title has: at which rate, at which step, how good.
struct Best<'a> {
    group: &'a Group,
    step: u64,
    band: Band,
    rates: usize,
}

/// Draws the section; nothing where each loss was trained at one rate.
pub fn best_ui(ui: &mut Ui, view: &View<'_>) {
    let figure = view.state.figure;
    // Rates are compared of what is trained alike, on the same images, as the run that is looked at.
    let Some(like) = view.state.group_looked_at(view.session.now()) else {
        return;
    };
    let groups = view.state.groups().iter();
    let groups: Vec<&Group> = groups.filter(|group| like.differs_by_rate(group)).collect();
    let best = best(&groups, &|group| group.best(&figure.valid()));
    let most = best.iter().map(|best| best.rates).max().unwrap_or(0);
    if most < 2 {
        return;
    }
    ui.separator();
    ui.horizontal(|ui| {
        heading(ui, &format!("Best of up to {most} rates each"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            weak(ui, figure.name())
        });
    });
    let reach = |best: &Best<'_>| best.band.mean + best.band.half.unwrap_or(0.0);
    let top = best.iter().map(reach).fold(1.0, f64::max);
    for best in &best {
        row_ui(ui, best, top);
    }
    let images = best
        .first()
        .map_or(0, |best| best.group.first().split.valid.len());
    let text =
        format!("Rate and step were chosen on these {images} images, so the figures flatter.");
    weak(ui, text);
}

fn best<'a>(groups: &[&'a Group], of: &dyn Fn(&Group) -> Option<(usize, Band)>) -> Vec<Best<'a>> {
    let titles: BTreeSet<String> = groups.iter().map(|group| title(group)).collect();
    let mut all: Vec<Best<'a>> = titles
        .iter()
        .filter_map(|name| {
            let own = groups.iter().copied();
            let own: Vec<&Group> = own.filter(|group| title(group) == *name).collect();
            let rates: BTreeSet<u32> = own
                .iter()
                .map(|group| group.first().setup.optimizer.rate.to_bits())
                .collect();
            let found = own
                .into_iter()
                .filter_map(|group| Some((group, of(group)?)));
            let (group, (n, band)) = found.max_by(|a, b| a.1.1.mean.total_cmp(&b.1.1.mean))?;
            Some(Best {
                group,
                step: group.first().points.get(n)?.step,
                band,
                rates: rates.len(),
            })
        })
        .collect();
    all.sort_by(|a, b| b.band.mean.total_cmp(&a.band.mean));
    all
}

/// The mean as a dot on its band, then the figures.
fn row_ui(ui: &mut Ui, best: &Best<'_>, top: f64) {
    let t = tokens(ui);
    let (rect, response) =
        ui.allocate_exact_size(egui::vec2(ui.available_width(), TALL), Sense::hover());
    let looks = Looks::of(best.group, ui.visuals().dark_mode);
    let name = title(best.group);
    let told = best.band.told();
    let rate = rate(best.group.first().setup.optimizer.rate);
    let whole = format!("{name} at rate {rate}, step {}: {told} %", best.step);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, whole.clone()));
    sign_ui(ui, rect, looks);
    let font = FontId::proportional(12.5);
    let write = |x: f32, align, words: &str, colour| {
        let at = egui::pos2(x, rect.center().y);
        ui.painter().text(at, align, words, font.clone(), colour);
    };
    write(rect.left() + 26.0, Align2::LEFT_CENTER, &name, t.text);
    write(rect.right(), Align2::RIGHT_CENTER, &told, t.text);
    write(rect.left() + 96.0, Align2::LEFT_CENTER, &rate, t.weak);
    let (from, to) = (rect.left() + 138.0, rect.right() - 84.0);
    if to - from > 30.0 {
        let x = |value: f64| from + (to - from) * (value / top).clamp(0.0, 1.0) as f32;
        let middle = rect.center().y;
        ui.painter()
            .hline(from..=to, middle, Stroke::new(1.0, t.line));
        if let Some(half) = best.band.half {
            let ends = x(best.band.mean - half)..=x(best.band.mean + half);
            ui.painter()
                .hline(ends, middle, Stroke::new(2.5, looks.colour));
        }
        ui.painter()
            .circle_filled(egui::pos2(x(best.band.mean), middle), 4.0, looks.colour);
    }
    response.on_hover_text(whole);
}
