//! For the eyes: the size of text, and the colours.

use super::*;
use nearmiss::desktop::core::Settings;
use nearmiss::desktop::shell::theme::DARK;

fn kept_in(folder: &Path) -> Start {
    Start {
        open: None,
        data_folder: Some(folder.to_path_buf()),
    }
}

#[test]
fn the_size_of_text_is_changed_by_keys_and_remembered() {
    let root = tempfile::tempdir().expect("a folder");
    let mut window = boot(kept_in(root.path()), [1440.0, 900.0]);
    let press = |window: &mut Window, key| {
        window.key_press_modifiers(egui::Modifiers::COMMAND, key);
        settle(window);
        window.ctx.zoom_factor()
    };
    assert!((press(&mut window, egui::Key::Plus) - 1.1).abs() < 1e-6);
    assert!((press(&mut window, egui::Key::Equals) - 1.2).abs() < 1e-6);
    assert!((press(&mut window, egui::Key::Minus) - 1.1).abs() < 1e-6);
    std::thread::sleep(Duration::from_millis(300));
    drop(window);
    let mut window = boot(kept_in(root.path()), [1440.0, 900.0]);
    assert!((session(&window).settings.zoom - 1.1).abs() < 1e-6);
    assert!((window.ctx.zoom_factor() - 1.1).abs() < 1e-6);
    assert!((press(&mut window, egui::Key::Num0) - 1.0).abs() < 1e-6);
    for _ in 0..30 {
        window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Plus);
    }
    settle(&mut window);
    assert!((window.ctx.zoom_factor() - Settings::ZOOM[1]).abs() < 1e-6);
}

#[test]
fn colours_for_the_colour_blind_are_a_setting_that_is_seen_at_once() {
    let root = tempfile::tempdir().expect("a folder");
    let mut window = boot(kept_in(root.path()), [1440.0, 900.0]);
    let wrong = |window: &Window| {
        window
            .ctx
            .style_of(egui::Theme::Dark)
            .visuals
            .error_fg_color
    };
    assert_eq!(wrong(&window), DARK.bad);
    click(&mut window, "Settings");
    click(&mut window, "for the colour-blind");
    click(&mut window, "Apply");
    assert!(session(&window).settings.safe_colours);
    assert_ne!(wrong(&window), DARK.bad);
    // What is drawn has them: the words and bars of the right captions are not green any more.
    let image = window.render().expect("drawn");
    let is_green = |p: &image::Rgba<u8>| p.0[..3] == DARK.good.to_array()[..3];
    assert_eq!(image.pixels().filter(|p| is_green(p)).count(), 0);
    std::thread::sleep(Duration::from_millis(300));
    drop(window);
    let window = boot(kept_in(root.path()), [1440.0, 900.0]);
    assert_ne!(wrong(&window), DARK.bad, "remembered");
}
