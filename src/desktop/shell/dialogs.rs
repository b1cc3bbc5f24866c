//! Dialogs: settings, what runs the encoders, and questions about an encoder.

use super::Shell;
use super::theme::tokens;
use super::widgets::{heading, primary, weak};
use crate::compute::Choice;
use crate::desktop::core::{Command, Settings, ThemeChoice};
use crate::encoder::{Pool, Preprocess};
use crate::error::Question;
use crate::runtime::{Flavour, Provider};
use egui::{Context, Id, Modal, Ui};

/// Draws the dialog that is open, if any.
pub fn dialogs_ui(ctx: &Context, shell: &mut Shell<'_>) {
    settings_ui(ctx, shell);
    runtime_ui(ctx, shell);
    question_ui(ctx, shell);
}

/// A dialog with room around its contents.
pub fn dialog(ctx: &Context, name: &str) -> Modal {
    let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(16.0);
    Modal::new(Id::unique(name)).frame(frame)
}

fn settings_ui(ctx: &Context, shell: &mut Shell<'_>) {
    let Some(mut settings) = shell.memory.settings.take() else {
        return;
    };
    let mut done = false;
    let modal = dialog(ctx, "settings").show(ctx, |ui| {
        ui.set_width(430.0);
        heading(ui, "Settings");
        ui.add_space(4.0);
        egui::Grid::new("settings")
            .num_columns(2)
            .spacing([18.0, 10.0])
            .show(ui, |ui| settings_grid_ui(ui, &mut settings));
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            if primary(ui, "Apply").clicked() {
                shell.commands.push(Command::SetSettings(settings.clone()));
                done = true;
            }
            done |= ui.button("Close").clicked();
        });
    });
    if !done && !modal.should_close() {
        shell.memory.settings = Some(settings);
    }
}

fn settings_grid_ui(ui: &mut Ui, settings: &mut Settings) {
    ui.label("Theme");
    ui.horizontal(|ui| {
        for (theme, name) in [
            (ThemeChoice::System, "System"),
            (ThemeChoice::Light, "Light"),
            (ThemeChoice::Dark, "Dark"),
        ] {
            ui.selectable_value(&mut settings.theme, theme, name);
        }
    });
    ui.end_row();
    ui.label("Interface scale");
    let [least, most] = Settings::ZOOM;
    ui.add(egui::Slider::new(&mut settings.zoom, least..=most).step_by(0.05))
        .on_hover_text("Its keys are on the sheet of keys");
    ui.end_row();
    ui.label("Colours");
    ui.checkbox(&mut settings.safe_colours, "for the colour-blind")
        .on_hover_text("Right is blue-green and the near miss orange, in place of green and red");
    ui.end_row();
    ui.label("Thumbnail size");
    ui.add(egui::Slider::new(&mut settings.thumbnail, 48.0..=200.0).step_by(4.0));
    ui.end_row();
    ui.label("Ranking computes on");
    ui.horizontal(|ui| {
        for (choice, name) in [
            (Choice::Auto, "Automatic"),
            (Choice::Gpu, "GPU"),
            (Choice::Cpu, "CPU"),
        ] {
            ui.selectable_value(&mut settings.compute, choice, name);
        }
    });
    ui.end_row();
    ui.label("Execution providers");
    ui.vertical(|ui| providers_ui(ui, &mut settings.providers));
    ui.end_row();
    ui.label("Inputs per batch");
    ui.add(egui::DragValue::new(&mut settings.batch).range(1..=512));
    ui.end_row();
    ui.label("Files are chosen");
    let hint = "Where the system has no file dialog, paths are always typed here";
    ui.checkbox(&mut settings.path_field, "by typing their paths here")
        .on_hover_text(hint);
    ui.end_row();
}

/// The providers in the user's order, each with a way up and out.
fn providers_ui(ui: &mut Ui, providers: &mut Vec<Provider>) {
    let mut raise = None;
    let mut remove = None;
    for (i, provider) in providers.iter().enumerate() {
        ui.horizontal(|ui| {
            ui.label(format!("{}. {provider}", i + 1));
            if i > 0 && ui.small_button("Earlier").clicked() {
                raise = Some(i);
            }
            if *provider != Provider::Cpu && ui.small_button("Leave out").clicked() {
                remove = Some(i);
            }
        });
    }
    if let Some(i) = raise {
        providers.swap(i, i - 1);
    }
    if let Some(i) = remove {
        providers.remove(i);
    }
    let missing: Vec<Provider> = Provider::ALL
        .iter()
        .copied()
        .filter(|p| !providers.contains(p))
        .collect();
    ui.horizontal(|ui| {
        for provider in missing {
            if ui.small_button(format!("Add {provider}")).clicked() {
                providers.push(provider);
            }
        }
    });
}

fn runtime_ui(ctx: &Context, shell: &mut Shell<'_>) {
    if !shell.memory.runtime {
        return;
    }
    let mut close = false;
    let modal = dialog(ctx, "runtime").show(ctx, |ui| {
        ui.set_width(520.0);
        let t = tokens(ui);
        heading(ui, "What runs the encoders");
        if let Some(info) = &shell.session.runtime.runtime {
            ui.label(format!("{} {}", info.engine, info.version));
            match &info.library {
                Some(path) => weak(ui, path.display().to_string()),
                None => weak(ui, "No ONNX Runtime library was found: the built-in engine always works, but is slower."),
            };
            weak(ui, format!("Execution providers it offers: {}", info.providers.join(", ")));
            for tried in &info.tried {
                weak(ui, format!("Not used: {} ({})", tried.what, tried.why));
            }
        }
        if let Some(encoder) = shell.session.encoder() {
            ui.label(format!("Images on {}, texts on {}", encoder.image_provider, encoder.text_provider));
            for note in &encoder.notes {
                ui.colored_label(t.warn, note);
            }
        }
        ui.horizontal(|ui| {
            weak(ui, "Install with pip:");
            for (flavour, name) in [(Flavour::Cpu, "CPU"), (Flavour::Cuda, "CUDA"), (Flavour::DirectMl, "DirectML")] {
                if ui.button(name).on_hover_text("Fetches the wheel into the application's data folder").clicked() {
                    shell.commands.push(Command::InstallRuntime(flavour));
                    close = true;
                }
            }
        });
        if shell.session.runtime.restart {
            ui.colored_label(t.accent, "Installed. It is used from the next start on.");
        }
        ui.add_space(8.0);
        heading(ui, "What computes rankings");
        ui.label(shell.session.runtime.engine.as_deref().unwrap_or("not chosen yet"));
        for adapter in &shell.session.runtime.adapters {
            weak(ui, format!("{} · {} · {} · {}", adapter.name, adapter.kind, adapter.backend, adapter.driver));
        }
        ui.add_space(8.0);
        close |= ui.button("Close").clicked();
    });
    if close || modal.should_close() {
        shell.memory.runtime = false;
    }
}

fn question_ui(ctx: &Context, shell: &mut Shell<'_>) {
    let (Some((path, question)), Some((_, said))) =
        (&shell.session.question, &shell.session.opening)
    else {
        shell.memory.options = None;
        return;
    };
    let mut options = shell
        .memory
        .options
        .take()
        .unwrap_or_else(|| Box::new(said.clone()));
    let mut answered = false;
    let mut dismissed = false;
    let modal = dialog(ctx, "question").show(ctx, |ui| {
        ui.set_width(480.0);
        heading(ui, "One thing about this encoder");
        weak(ui, path.display().to_string());
        ui.add_space(4.0);
        match question {
            Question::Preprocess => {
                ui.label("There is no preprocessor_config.json. How were its pictures prepared in training?");
                if shell.memory.preprocess_side == 0 {
                    shell.memory.preprocess_side = 224;
                }
                ui.horizontal(|ui| {
                    weak(ui, "Side in pixels");
                    ui.add(egui::DragValue::new(&mut shell.memory.preprocess_side).range(16..=1024));
                });
                for (name, text) in [
                    ("clip", "CLIP: shortest edge, centre crop, CLIP mean and deviation"),
                    ("siglip", "SigLIP: squeezed to a square, mean and deviation 0.5"),
                    ("imagenet", "ImageNet (VSE++): shortest edge, centre crop, ImageNet mean and deviation"),
                ] {
                    if ui.button(text).clicked() {
                        options.preprocess = Preprocess::named(name, shell.memory.preprocess_side);
                        answered = true;
                    }
                }
            }
            Question::ImageOutput(names) | Question::TextOutput(names) => {
                ui.label(question.to_string());
                for name in names {
                    if ui.button(name).clicked() {
                        if matches!(question, Question::ImageOutput(_)) {
                            options.image_output = Some(name.clone());
                        } else {
                            options.text_output = Some(name.clone());
                        }
                        answered = true;
                    }
                }
            }
            Question::ImagePool(port) | Question::TextPool(port) => {
                ui.label(format!(
                    "Its output {port} holds a vector per token or patch. Which one is the embedding?"
                ));
                for (pool, text) in [
                    (Pool::First, "The first (class token)"),
                    (Pool::Mean, "The mean of all, without padding"),
                    (Pool::Last, "The last"),
                ] {
                    if ui.button(text).clicked() {
                        if matches!(question, Question::ImagePool(_)) {
                            options.image_pool = Some(pool);
                        } else {
                            options.text_pool = Some(pool);
                        }
                        answered = true;
                    }
                }
            }
        }
        ui.add_space(6.0);
        dismissed = ui.button("Not now").clicked();
    });
    if answered {
        shell.commands.push(Command::AnswerEncoder(options));
    } else if dismissed || modal.should_close() {
        shell.commands.push(Command::DismissQuestion);
    } else {
        shell.memory.options = Some(options);
    }
}
