//! Fonts, colours and spacing, by meaning. Views name a token, never a colour.

mod palettes;

pub use palettes::{DARK, PRIMARY, Tokens};

use egui::{
    CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke, TextStyle, Theme,
    Visuals,
};
use std::sync::Arc;

/// The palette in use.
pub fn tokens(ui: &egui::Ui) -> Tokens {
    let visuals = ui.visuals();
    // What the style was given says which of the two it is.
    let is_safe = |t: &Tokens| visuals.error_fg_color == t.bad;
    let [usual, safe] = palettes::of(visuals.dark_mode);
    if is_safe(&safe) { safe } else { usual }
}

/// Gives both themes their colours: the usual ones, or those that the colour-blind tell apart (`safe`).
pub fn colour(ctx: &egui::Context, safe: bool) {
    for theme in [Theme::Dark, Theme::Light] {
        let t = palettes::of(theme == Theme::Dark)[usize::from(safe)];
        ctx.style_mut_of(theme, |style| style.visuals = visuals(theme, &t));
    }
}

/// The signs that the text font lacks, so that they show on machines without fonts of their own.
fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let symbols = FontData::from_static(include_bytes!("../../../../assets/fonts/symbols.ttf"));
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
    // The size of text is a setting; its keys are in the table of keys.
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
    colour(ctx, false);
    for theme in [Theme::Dark, Theme::Light] {
        ctx.style_mut_of(theme, |style| {
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
