//! What keys are called on this system.

use egui::Context;
use egui::os::OperatingSystem;

/// `text` with the keys in it as this system calls them: "Ctrl+K" is "Cmd+K" on a Mac.
pub fn keys(ctx: &Context, text: &str) -> String {
    match ctx.os() {
        OperatingSystem::Mac | OperatingSystem::IOS => text.replace("Ctrl+", "Cmd+"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_has_a_command_key() {
        let ctx = Context::default();
        for (system, shown) in [
            (OperatingSystem::Mac, "Redo (Cmd+Shift+Z)"),
            (OperatingSystem::Windows, "Redo (Ctrl+Shift+Z)"),
            (OperatingSystem::Nix, "Redo (Ctrl+Shift+Z)"),
        ] {
            ctx.set_os(system);
            assert_eq!(keys(&ctx, "Redo (Ctrl+Shift+Z)"), shown);
        }
        assert_eq!(keys(&ctx, "F11"), "F11");
    }
}
