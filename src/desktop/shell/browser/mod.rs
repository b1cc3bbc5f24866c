//! The browser: every image or caption, filtered and sorted, with the rank of its right one.

mod chosen;

use super::widgets::{grouped, mark, named_area, picture_in, segmented, weak};
use super::{Field, Shell, bidi, labels, theme};
use crate::desktop::core::{Command, Query, Sort};
use crate::retrieval::Side;
use egui::{Align2, CornerRadius, FontId, Rect, Role, ScrollArea, Stroke, StrokeKind, Ui};

const GAP: f32 = 6.0;

/// Draws the browser; remembers how many columns fit, for the arrow keys.
pub fn browser_ui(ui: &mut Ui, shell: &mut Shell<'_>) {
    let session = shell.session;
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let choices = [
            (Side::Image, "Images", "Images look for captions (D)"),
            (Side::Text, "Captions", "Captions look for images (D)"),
        ];
        if let Some(side) = segmented(ui, session.side, &choices) {
            shell.ask(Command::SetSide(side));
        }
    });
    let hint = match session.side {
        Side::Image => "Filter images…",
        Side::Text => "Filter captions…",
    };
    let edit = egui::TextEdit::singleline(&mut shell.memory.filter)
        .hint_text(hint)
        .desired_width(f32::INFINITY)
        .margin(egui::Margin::symmetric(8, 5));
    let hint = labels::keys(ui.ctx(), "Words of a name or caption (Ctrl+F)");
    let response = ui.add(edit).on_hover_text(hint);
    if shell
        .memory
        .focus
        .take_if(|f| *f == Field::Filter)
        .is_some()
    {
        response.request_focus();
    }
    if response.changed() {
        shell
            .commands
            .push(Command::Filter(shell.memory.filter.clone()));
    }
    ui.horizontal(|ui| {
        let noun = match session.side {
            Side::Image => "images",
            Side::Text => "captions",
        };
        let count = if session.browser.is_listing {
            "listing…".to_owned()
        } else {
            format!("{} {noun}", grouped(session.browser.rows.len()))
        };
        weak(ui, count);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.menu_button(session.browser.sort.title(), |ui| sort_menu_ui(ui, shell));
        });
    });
    chosen::bin_ui(ui, shell);
    ui.add_space(2.0);
    match session.side {
        Side::Image => thumbnails_ui(ui, shell),
        Side::Text => captions_ui(ui, shell),
    }
}

fn sort_menu_ui(ui: &mut Ui, shell: &mut Shell<'_>) {
    let session = shell.session;
    let ranked = session.ranking().is_some();
    for sort in Sort::ALL {
        let enabled = ranked || sort == Sort::File;
        let chosen = session.browser.sort == sort;
        if ui
            .add_enabled(enabled, egui::RadioButton::new(chosen, sort.title()))
            .clicked()
        {
            shell.ask(Command::SetSort(sort));
        }
    }
    ui.separator();
    let mut wrong = session.browser.wrong_only;
    if ui
        .add_enabled(
            ranked,
            egui::Checkbox::new(&mut wrong, "only where the right one is not first"),
        )
        .changed()
    {
        shell.ask(Command::SetWrongOnly(wrong));
    }
    let mut bounded = session.browser.margin_below.is_some();
    if ui
        .add_enabled(
            ranked,
            egui::Checkbox::new(&mut bounded, "only margins below"),
        )
        .changed()
    {
        shell.ask(Command::SetMarginBelow(bounded.then_some(0.05)));
    }
    if let Some(mut margin) = session.browser.margin_below {
        let slider = egui::Slider::new(&mut margin, -0.5..=0.5).fixed_decimals(2);
        if ui.add(slider).changed() {
            shell.ask(Command::SetMarginBelow(Some(margin)));
        }
    }
}

/// Where a newly selected row is in the list, once: it is scrolled to. One that the list leaves out is looked for again in
/// the next list.
fn newly_selected(shell: &mut Shell<'_>) -> Option<usize> {
    let session = shell.session;
    let key = session.selected().map(|i| (session.side, i));
    let sought = (key, session.browser.listed);
    if shell.memory.revealed == key || shell.memory.sought == sought {
        return None;
    }
    shell.memory.sought = sought;
    let rows = &session.browser.rows;
    let place = key.and_then(|(_, i)| rows.iter().position(|&r| r as usize == i));
    if place.is_some() || key.is_none() {
        shell.memory.revealed = key;
    }
    place
}

fn thumbnails_ui(ui: &mut Ui, shell: &mut Shell<'_>) {
    let session = shell.session;
    let t = theme::tokens(ui);
    let rows = &session.browser.rows;
    let wide = ui.available_width() - 4.0;
    let columns = ((wide + GAP) / (session.settings.thumbnail + GAP))
        .floor()
        .max(1.0) as usize;
    let side = (wide - GAP * (columns - 1) as f32) / columns as f32;
    shell.memory.columns = columns;
    let direction = session.direction(Side::Image);
    let list = chosen::listed(shell);
    let selected = session.selected();
    let mut area = ScrollArea::vertical()
        .auto_shrink([false; 2])
        .id_salt("thumbnails");
    if let Some(place) = newly_selected(shell) {
        let (top, height) = (
            (place / columns) as f32 * (side + GAP),
            ui.available_height(),
        );
        let seen = shell.memory.scroll;
        if top < seen || top + side > seen + height {
            area = area.vertical_scroll_offset((top - (height - side) / 2.0).max(0.0));
        }
    }
    ui.spacing_mut().item_spacing.y = GAP;
    let output = area.show_rows(ui, side, rows.len().div_ceil(columns), |ui, lines| {
        for line in lines {
            let (strip, _) = ui.allocate_exact_size(egui::vec2(wide, side), egui::Sense::hover());
            for (column, &row) in rows[line * columns..].iter().take(columns).enumerate() {
                let i = row as usize;
                let corner = strip.min + egui::vec2(column as f32 * (side + GAP), 0.0);
                let rect = Rect::from_min_size(corner, egui::Vec2::splat(side));
                let chosen = selected == Some(i);
                let rank = direction.map(|d| d.ranks[i]);
                let name = || {
                    let name = session.dataset().map_or("", |d| d.images[i].name.as_str());
                    rank.map_or_else(
                        || format!("Image {name}"),
                        |r| format!("Image {name}, rank {r}"),
                    )
                };
                let response = named_area(
                    ui,
                    rect,
                    ui.scope_id().with(("thumb", row)),
                    Role::ListItem,
                    chosen,
                    name,
                );
                picture_in(ui, shell.pictures, row, rect, true);
                if let Some(rank) = rank {
                    rank_badge(ui, rect, rank);
                }
                if session.sets.marked.contains(&row) {
                    mark(ui, rect);
                }
                if chosen {
                    let stroke = Stroke::new(2.5, t.accent);
                    ui.painter().rect_stroke(
                        rect,
                        CornerRadius::same(4),
                        stroke,
                        StrokeKind::Inside,
                    );
                } else if list.has(shell, line * columns + column) {
                    let stroke = Stroke::new(2.5, t.accent.gamma_multiply(0.6));
                    ui.painter().rect_stroke(
                        rect,
                        CornerRadius::same(4),
                        stroke,
                        StrokeKind::Inside,
                    );
                } else if response.hovered() {
                    let stroke = Stroke::new(1.5, t.weak);
                    ui.painter().rect_stroke(
                        rect,
                        CornerRadius::same(4),
                        stroke,
                        StrokeKind::Inside,
                    );
                }
                if chosen::row_ui(&list, &response, shell, line * columns + column) {
                    shell.ask(Command::Query(Query::Row(Side::Image, i)));
                }
            }
        }
    });
    shell.memory.scroll = output.state.clamped_offset().y;
}

/// The rank on a thumbnail's corner: quiet when right, red when not.
fn rank_badge(ui: &Ui, rect: Rect, rank: u32) {
    let text = if rank > 9999 {
        "9999+".into()
    } else {
        rank.to_string()
    };
    let (ink, back) = if rank == 1 {
        (
            egui::Color32::from_gray(230),
            egui::Color32::from_black_alpha(150),
        )
    } else {
        (
            egui::Color32::WHITE,
            egui::Color32::from_rgba_unmultiplied(150, 44, 42, 225),
        )
    };
    let galley = ui
        .painter()
        .layout_no_wrap(text, FontId::proportional(11.0), ink);
    let size = galley.size() + egui::vec2(8.0, 3.0);
    let badge = Rect::from_min_size(rect.right_bottom() - size - egui::vec2(3.0, 3.0), size);
    ui.painter().rect_filled(badge, CornerRadius::same(3), back);
    ui.painter()
        .galley(badge.min + egui::vec2(4.0, 1.5), galley, ink);
}

fn captions_ui(ui: &mut Ui, shell: &mut Shell<'_>) {
    const HEIGHT: f32 = 38.0;
    let session = shell.session;
    let t = theme::tokens(ui);
    let Some(dataset) = session.dataset() else {
        return;
    };
    let rows = &session.browser.rows;
    shell.memory.columns = 1;
    let direction = session.direction(Side::Text);
    let list = chosen::listed(shell);
    let selected = session.selected();
    let mut area = ScrollArea::vertical()
        .auto_shrink([false; 2])
        .id_salt("captions");
    ui.spacing_mut().item_spacing.y = 2.0;
    if let Some(place) = newly_selected(shell) {
        let (top, height) = (place as f32 * (HEIGHT + 2.0), ui.available_height());
        if top < shell.memory.scroll || top + HEIGHT > shell.memory.scroll + height {
            area = area.vertical_scroll_offset((top - (height - HEIGHT) / 2.0).max(0.0));
        }
    }
    let output = area.show_rows(ui, HEIGHT, rows.len(), |ui, range| {
        for nth in range {
            let row = rows[nth];
            let j = row as usize;
            let wide = ui.available_width() - 4.0;
            let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, HEIGHT), egui::Sense::hover());
            let chosen = selected == Some(j);
            let name = || format!("Caption {}", dataset.captions[j]);
            let response = named_area(
                ui,
                rect,
                ui.scope_id().with(("caption", row)),
                Role::ListItem,
                chosen,
                name,
            );
            let marked = chosen || list.has(shell, nth);
            if marked || response.hovered() {
                let fill = if marked { t.accent_back } else { t.hover };
                ui.painter().rect_filled(rect, CornerRadius::same(4), fill);
            }
            let font = FontId::proportional(12.5);
            let mut job = egui::text::LayoutJob::simple(
                dataset.captions[j].clone(),
                font,
                t.text,
                wide - 56.0,
            );
            job.wrap.max_rows = 2;
            let galley = bidi::galley(ui, job);
            let at = egui::pos2(rect.left() + 8.0, rect.center().y - galley.size().y / 2.0);
            ui.painter().galley(at, galley, t.text);
            if let Some(direction) = direction {
                let rank = direction.ranks[j];
                let colour = if rank == 1 { t.weak } else { t.bad };
                let right = rect.right_center() - egui::vec2(8.0, 0.0);
                ui.painter().text(
                    right,
                    Align2::RIGHT_CENTER,
                    rank,
                    FontId::proportional(12.5),
                    colour,
                );
            }
            if chosen::row_ui(&list, &response, shell, nth) {
                shell.ask(Command::Query(Query::Row(Side::Text, j)));
            }
        }
    });
    shell.memory.scroll = output.state.clamped_offset().y;
}
