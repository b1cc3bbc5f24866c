//! Opens the window, or says in one sentence why there is none.

use super::{App, Start, frames};
use crate::task::{panic_message, scratch};
use std::panic::{AssertUnwindSafe, catch_unwind};

const PACKAGES: &str = "  Debian, Ubuntu: sudo apt install libxkbcommon-x11-0 libxcursor1 libxi6 libxrandr2 libvulkan1 mesa-vulkan-drivers
  Fedora: sudo dnf install libxkbcommon-x11 libXcursor libXi libXrandr vulkan-loader mesa-vulkan-drivers
  Arch: sudo pacman -S libxkbcommon-x11 libxcursor libxi libxrandr vulkan-icd-loader vulkan-swrast
Without a display the main job still works: nearmiss eval --dataset demo --encoder demo";

/// Runs the program until its window is closed.
///
/// # Errors
/// There is no display or no graphics adapter; the text says what to install.
pub fn run(start: Start) -> Result<(), String> {
    frames::start();
    if cfg!(target_os = "linux")
        && ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .all(|v| std::env::var_os(v).is_none_or(|v| v.is_empty()))
    {
        return Err(format!(
            "There is no display to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set).\nOn a machine with a display, the window needs these packages:\n{PACKAGES}"
        ));
    }
    // Without an icon the window still opens.
    let icon = eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon.png"))
        .unwrap_or_default();
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_icon(icon)
            .with_title("nearmiss")
            .with_app_id("nearmiss")
            .with_inner_size([1440.0, 900.0])
            .with_min_inner_size([900.0, 560.0]),
        centered: true,
        ..eframe::NativeOptions::default()
    };
    // The window library panics where a display library is missing.
    let silenced = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        eframe::run_native(
            "nearmiss",
            options,
            Box::new(move |cc| {
                std::panic::set_hook(silenced);
                Ok(Box::new(App::new(&cc.egui_ctx, &start)))
            }),
        )
    }));
    // The process ends next: what threads still write is given up.
    scratch::remove_own();
    let why = match outcome {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(payload) => panic_message(&*payload),
    };
    let why = why
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches('.')
        .to_owned();
    Err(format!(
        "The window cannot be opened: {why}. It needs a display and a graphics driver; install:\n{PACKAGES}"
    ))
}
