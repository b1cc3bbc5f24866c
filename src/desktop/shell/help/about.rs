//! What this program is: version, engines, licences, where its data lies.

use crate::desktop::core::Command;
use crate::desktop::shell::Shell;
use crate::desktop::shell::dialogs::dialog;
use crate::desktop::shell::widgets::{heading, weak};
use egui::Context;

/// Draws the dialog where it is open.
pub fn about_ui(ctx: &Context, shell: &mut Shell<'_>) {
    if !shell.memory.about {
        return;
    }
    let lines = lines(shell);
    let mut close = false;
    let modal = dialog(ctx, "about").show(ctx, |ui| {
        ui.set_width(560.0);
        heading(ui, &format!("nearmiss {}", env!("CARGO_PKG_VERSION")));
        weak(ui, env!("CARGO_PKG_DESCRIPTION"));
        ui.add_space(6.0);
        egui::Grid::new("about")
            .num_columns(2)
            .spacing([18.0, 6.0])
            .show(ui, |ui| {
                for (name, value) in &lines {
                    weak(ui, *name);
                    ui.add(egui::Label::new(value).wrap());
                    ui.end_row();
                }
            });
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            if ui
                .button("Copy")
                .on_hover_text("All of this, for a report of a fault")
                .clicked()
            {
                let text: Vec<String> = lines.iter().map(|(n, v)| format!("{n}: {v}")).collect();
                let version = env!("CARGO_PKG_VERSION");
                shell.ask(Command::Copy(format!(
                    "nearmiss {version}\n{}",
                    text.join("\n")
                )));
            }
            close |= ui.button("Close").clicked();
        });
    });
    if close || modal.should_close() {
        shell.memory.about = false;
    }
}

fn lines(shell: &Shell<'_>) -> Vec<(&'static str, String)> {
    let runtime = &shell.session.runtime;
    let mut lines = Vec::new();
    match &runtime.runtime {
        Some(info) => {
            lines.push((
                "Encoders run on",
                format!("{} {}", info.engine, info.version),
            ));
            if let Some(library) = &info.library {
                lines.push(("Library", library.display().to_string()));
            }
            lines.push(("Providers", info.providers.join(", ")));
        }
        None => lines.push(("Encoders run on", "not found yet".into())),
    }
    let engine = runtime.engine.as_deref().unwrap_or("not chosen yet");
    lines.push(("Rankings run on", engine.to_owned()));
    for adapter in &runtime.adapters {
        let (name, kind, backend) = (&adapter.name, &adapter.kind, &adapter.backend);
        lines.push((
            "Graphics adapter",
            format!("{name} · {kind} · {backend} · {}", adapter.driver),
        ));
    }
    for (name, place) in &shell.session.runtime.places {
        lines.push((name, place.clone()));
    }
    let licence = format!(
        "{}, at your choice",
        env!("CARGO_PKG_LICENSE").replace(" OR ", " or ")
    );
    lines.push(("Licence", licence));
    lines.push((
        "Parts of others",
        "egui, wgpu, ONNX Runtime (MIT or Apache-2.0); all with their licences in Cargo.lock's crates".into(),
    ));
    lines
}
