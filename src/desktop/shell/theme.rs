//! Fonts, colours and spacing, by meaning. Views name a token, never a colour.

use egui::{
    Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke,
    TextStyle, Theme, Visuals,
};
use std::sync::Arc;

/// The palette of one theme. What is written in `text`, `weak`, `accent`, `good`, `bad` or `warn` has a contrast of 4.5:1 or
/// more on every ground.
#[derive(Debug, Clone, Copy)]
pub struct Tokens {
    /// Behind the centre.
    pub base: Color32,
    /// Rail, browser, inspector, bars.
    pub panel: Color32,
    /// Cards, buttons, inputs.
    pub raised: Color32,
    /// Under the pointer.
    pub hover: Color32,
    /// Hairlines.
    pub line: Color32,
    /// Text.
    pub text: Color32,
    /// Text of less weight.
    pub weak: Color32,
    /// Selection and focus.
    pub accent: Color32,
    /// Behind what is selected.
    pub accent_back: Color32,
    /// The right answer.
    pub good: Color32,
    /// Behind the right answer.
    pub good_back: Color32,
    /// The near miss.
    pub bad: Color32,
    /// Behind the near miss.
    pub bad_back: Color32,
    /// A warning.
    pub warn: Color32,
    /// A score bar.
    pub bar: Color32,
    /// Behind a score bar.
    pub track: Color32,
}

/// Behind the one button that matters most; its text is white.
pub const PRIMARY: [Color32; 2] = [rgb(0x003a_6cac), rgb(0x0019_5ba6)];

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// On dark ground.
pub const DARK: Tokens = Tokens {
    base: rgb(0x0011_1217),
    panel: rgb(0x0016_181e),
    raised: rgb(0x0020_232b),
    hover: rgb(0x002a_2e38),
    line: rgb(0x0028_2b34),
    text: rgb(0x00e3_e6ec),
    weak: rgb(0x0098_9fac),
    accent: rgb(0x005c_a3e6),
    accent_back: rgb(0x0024_3552),
    good: rgb(0x0061_c67c),
    good_back: rgb(0x001a_2a21),
    bad: rgb(0x00ec_8680),
    bad_back: rgb(0x0030_1e20),
    warn: rgb(0x00e0_b45c),
    bar: rgb(0x005f_87b8),
    track: rgb(0x0026_2a33),
};

const LIGHT: Tokens = Tokens {
    base: rgb(0x00ff_ffff),
    panel: rgb(0x00f5_f6f8),
    raised: rgb(0x00e9_ecf0),
    hover: rgb(0x00de_e2e8),
    line: rgb(0x00da_dee5),
    text: rgb(0x001c_1f26),
    weak: rgb(0x005a_6270),
    accent: rgb(0x0019_5ba6),
    accent_back: rgb(0x00d6_e6f8),
    good: rgb(0x0016_672f),
    good_back: rgb(0x00e0_f3e6),
    bad: rgb(0x00b0_2f28),
    bad_back: rgb(0x00fb_e6e4),
    warn: rgb(0x007a_5200),
    bar: rgb(0x004f_86c2),
    track: rgb(0x00e1_e5eb),
};

/// The palette in use.
pub fn tokens(ui: &egui::Ui) -> Tokens {
    if ui.visuals().dark_mode { DARK } else { LIGHT }
}

/// The signs that the text font lacks, so that they show on machines without fonts of their own.
fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let symbols = FontData::from_static(include_bytes!("../../../assets/fonts/symbols.ttf"));
    fonts
        .font_data
        .insert("symbols".to_owned(), Arc::new(symbols));
    for family in fonts.families.values_mut() {
        family.push("symbols".to_owned());
    }
    fonts
}

/// Gives egui this program's look, in both themes.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    for (theme, t) in [(Theme::Dark, DARK), (Theme::Light, LIGHT)] {
        ctx.style_mut_of(theme, |style| {
            style.visuals = visuals(theme, &t);
            let font = |size| FontId::new(size, FontFamily::Proportional);
            style.text_styles = [
                (TextStyle::Small, font(11.5)),
                (TextStyle::Body, font(13.5)),
                (TextStyle::Button, font(13.5)),
                (TextStyle::Heading, font(15.5)),
                (
                    TextStyle::Monospace,
                    FontId::new(12.5, FontFamily::Monospace),
                ),
            ]
            .into();
            let space = &mut style.spacing;
            space.item_spacing = egui::vec2(8.0, 6.0);
            space.button_padding = egui::vec2(9.0, 4.0);
            space.interact_size.y = 26.0;
            space.menu_margin = Margin::same(6);
            space.menu_width = 280.0;
            space.scroll.floating = true;
        });
    }
}

fn visuals(theme: Theme, t: &Tokens) -> Visuals {
    let mut v = theme.default_visuals();
    v.panel_fill = t.panel;
    v.window_fill = t.panel;
    v.window_stroke = Stroke::new(1.0, t.line);
    v.extreme_bg_color = t.raised;
    v.text_edit_bg_color = Some(t.raised);
    v.faint_bg_color = t.raised;
    v.weak_text_color = Some(t.weak);
    v.hyperlink_color = t.accent;
    v.warn_fg_color = t.warn;
    v.error_fg_color = t.bad;
    v.selection.bg_fill = t.accent_back;
    v.selection.stroke = Stroke::new(1.0, t.accent);
    let radius = CornerRadius::same(5);
    let widgets = &mut v.widgets;
    for (widget, fill) in [
        (&mut widgets.noninteractive, t.panel),
        (&mut widgets.inactive, t.raised),
        (&mut widgets.hovered, t.hover),
        (&mut widgets.active, t.hover),
        (&mut widgets.open, t.hover),
    ] {
        widget.bg_fill = fill;
        widget.weak_bg_fill = fill;
        widget.bg_stroke = Stroke::NONE;
        widget.fg_stroke = Stroke::new(1.0, t.text);
        widget.corner_radius = radius;
        widget.expansion = 0.0;
    }
    // What boxes, circles and rails are filled with; buttons use the weak fill.
    widgets.inactive.bg_fill = t.line;
    widgets.noninteractive.bg_stroke = Stroke::new(1.0, t.line);
    widgets.inactive.bg_stroke = Stroke::new(1.0, t.line);
    widgets.hovered.bg_stroke = Stroke::new(1.0, t.weak.gamma_multiply(0.6));
    widgets.active.bg_stroke = Stroke::new(1.0, t.accent);
    v
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, by WCAG 2.2.
    fn luminance(colour: Color32) -> f64 {
        let channel = |byte: u8| {
            let v = f64::from(byte) / 255.0;
            if v <= 0.04045 {
                v / 12.92
            } else {
                ((v + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(colour.r()) + 0.7152 * channel(colour.g()) + 0.0722 * channel(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_stands_out_from_every_ground_in_both_themes() {
        assert!((contrast(Color32::WHITE, Color32::BLACK) - 21.0).abs() < 1e-9);
        for (name, t) in [("dark", DARK), ("light", LIGHT)] {
            let inks = [
                ("text", t.text),
                ("weak", t.weak),
                ("accent", t.accent),
                ("good", t.good),
                ("bad", t.bad),
                ("warn", t.warn),
            ];
            let grounds = [
                ("base", t.base),
                ("panel", t.panel),
                ("raised", t.raised),
                ("hover", t.hover),
                ("accent_back", t.accent_back),
                ("good_back", t.good_back),
                ("bad_back", t.bad_back),
            ];
            for (ink, colour) in inks {
                for (ground, back) in grounds {
                    let found = contrast(colour, back);
                    assert!(found >= 4.5, "{name}: {ink} on {ground} {found:.2}");
                }
            }
        }
        for ground in PRIMARY {
            assert!(contrast(Color32::WHITE, ground) >= 4.5);
        }
    }
}
