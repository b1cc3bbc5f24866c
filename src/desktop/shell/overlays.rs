//! What lies above the views: the last messages, and what dropping a file will do.

use super::Shell;
use super::theme::tokens;
use crate::dataset::is_picture_name;
use crate::desktop::core::{Command, Level};
use egui::{Frame, RichText};

/// The last messages, above everything; errors stay until they are dismissed.
pub fn toasts_ui(ctx: &egui::Context, shell: &mut Shell<'_>) {
    const SECONDS: f32 = 6.0;
    let recent = |e: &&crate::desktop::core::Entry| {
        e.toast && (e.level == Level::Error || e.at.elapsed().as_secs_f32() < SECONDS)
    };
    let shown: Vec<_> = shell
        .session
        .log
        .iter()
        .rev()
        .filter(recent)
        .take(4)
        .collect();
    if shown.is_empty() {
        return;
    }
    ctx.request_repaint_after_secs(1.0);
    // The tour's card stands in their place.
    let (anchor, offset) = if shell.memory.is_on_tour() {
        (egui::Align2::RIGHT_TOP, [-14.0, 48.0])
    } else {
        (egui::Align2::RIGHT_BOTTOM, [-14.0, -40.0])
    };
    egui::Area::new(egui::Id::unique("toasts"))
        .anchor(anchor, offset)
        .order(egui::Order::Foreground)
        .show(ctx, |ui| {
            let t = tokens(ui);
            ui.set_max_width(430.0);
            for entry in shown.into_iter().rev() {
                let colour = match entry.level {
                    Level::Info => t.accent,
                    Level::Warning => t.warn,
                    Level::Error => t.bad,
                };
                let frame = Frame::popup(ui.style())
                    .fill(t.raised)
                    .stroke(egui::Stroke::new(1.0, colour));
                frame.show(ui, |ui| {
                    ui.set_width(404.0);
                    ui.add(egui::Label::new(RichText::new(&entry.text).color(t.text)).wrap());
                    if !entry.remedy.is_empty() {
                        ui.add(egui::Label::new(RichText::new(&entry.remedy).color(t.weak)).wrap());
                    }
                });
            }
            if ui.button("Dismiss").clicked() {
                shell.commands.push(Command::DismissToasts);
            }
        });
}

/// Says what will happen to files that hover over the window, and opens those dropped.
pub fn drop_overlay_ui(ctx: &egui::Context, shell: &mut Shell<'_>) {
    let (hovered, dropped) = ctx.input(|i| {
        let hovered: Vec<_> = i
            .raw
            .hovered_files
            .iter()
            .filter_map(|f| f.path.clone())
            .collect();
        let dropped: Vec<_> = i
            .raw
            .dropped_files
            .iter()
            .map(|f| f.path().to_path_buf())
            .collect();
        (hovered, dropped)
    });
    if let Some(path) = dropped.into_iter().next() {
        shell.ask(Command::OpenPath(path));
    }
    let Some(path) = hovered.first() else { return };
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let extension = path
        .extension()
        .map(|e| e.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let what = match extension.as_str() {
        _ if is_picture_name(path) => "Rank the captions for this picture",
        "onnx" => "Open the encoder that this file belongs to",
        "json" | "jsonl" | "csv" | "tsv" | "txt" => "Open this workspace or caption file",
        "tar" | "parquet" | "token" => "Open this dataset",
        _ => "Open this folder: a dataset or an encoder",
    };
    egui::Area::new(egui::Id::unique("drop"))
        .order(egui::Order::Tooltip)
        .fixed_pos(egui::Pos2::ZERO)
        .show(ctx, |ui| {
            let t = tokens(ui);
            let rect = ctx.content_rect();
            ui.painter()
                .rect_filled(rect, 0.0, t.base.gamma_multiply(0.88));
            ui.painter().rect_stroke(
                rect.shrink(14.0),
                egui::CornerRadius::same(10),
                egui::Stroke::new(2.0, t.accent),
                egui::StrokeKind::Inside,
            );
            let font = egui::FontId::proportional(20.0);
            ui.painter().text(
                rect.center(),
                egui::Align2::CENTER_BOTTOM,
                what,
                font,
                t.text,
            );
            let below = rect.center() + egui::vec2(0.0, 8.0);
            ui.painter().text(
                below,
                egui::Align2::CENTER_TOP,
                name,
                egui::FontId::proportional(14.0),
                t.weak,
            );
        });
}
