//! Clients: how the next training has them, and what those of the runs sent.

use super::super::View;
use super::beside::beside_ui;
use crate::desktop::learning::Form;
use crate::desktop::shell::fields::{field, named};
use crate::desktop::shell::widgets::{grouped, weak};
use crate::learn::{ClientsBy, Group, OptimizerKind, Run};
use egui::{ComboBox, DragValue, Ui};

/// The concentration that a Dirichlet distribution begins with.
const ALPHA: f64 = 0.1;

/// Draws the fields; nothing for an optimizer without clients.
pub fn clients_ui(ui: &mut Ui, form: &mut Form) {
    let kind = form.rest.optimizer.kind;
    if !kind.by_clients() {
        return;
    }
    let federation = &mut form.rest.federation;
    field(ui, "Clients", |ui| {
        let hint = "Clients, simulated on this machine one after the other; each holds a part of the pairs";
        let count = DragValue::new(&mut federation.clients).range(1..=1_000);
        named(ui, "Number of clients", count).on_hover_text(hint);
        weak(ui, "meet every");
        let hint = "R: steps of each client on its own pairs from one round to the next";
        let sync = DragValue::new(&mut federation.sync).range(1..=1_000_000);
        named(ui, "Steps between two rounds", sync).on_hover_text(hint);
        weak(ui, "steps");
    });
    field(ui, "Dealt", |ui| {
        by_ui(ui, &mut federation.by);
        if let ClientsBy::Dirichlet(alpha) = &mut federation.by {
            let hint = "Concentration: the smaller, the less alike clients are";
            let drag = DragValue::new(alpha).range(1e-3..=1e6).speed(0.01);
            named(ui, "Concentration of the Dirichlet distribution", drag).on_hover_text(hint);
        }
    });
    if kind == OptimizerKind::FedAdam {
        field(ui, "Server", |ui| {
            weak(ui, "rate");
            let drag = DragValue::new(&mut federation.server_rate)
                .range(1e-6..=100.0)
                .speed(0.001);
            let hint = "Learning rate of the server; the rates above are those of the clients";
            named(ui, "Learning rate of the server", drag).on_hover_text(hint);
        });
    }
}

fn by_ui(ui: &mut Ui, by: &mut ClientsBy) {
    let choices = [
        (
            ClientsBy::Random,
            "at random",
            "Images at random, as many for each client",
        ),
        (
            ClientsBy::Groups,
            "by groups",
            "The groups of the captions, such as the folders of their images, each to one client",
        ),
        (
            ClientsBy::Dirichlet(ALPHA),
            "Dirichlet",
            "Each group of the captions (else each of ten clusters of the images) in shares drawn from a Dirichlet \
             distribution",
        ),
    ];
    let is_like = |choice: &ClientsBy, by: &ClientsBy| {
        std::mem::discriminant(choice) == std::mem::discriminant(by)
    };
    let title = choices
        .iter()
        .find(|(choice, ..)| is_like(choice, by))
        .map_or("", |(_, title, _)| title);
    ComboBox::from_id_salt("clients by")
        .selected_text(title)
        .width(96.0)
        .show_ui(ui, |ui| {
            for (choice, title, hint) in choices {
                let on = is_like(&choice, by);
                if ui.selectable_label(on, title).on_hover_text(hint).clicked() && !on {
                    *by = choice;
                }
            }
        });
}

/// Draws what the clients of the runs sent; nothing of runs without.
pub fn sent_ui(ui: &mut Ui, view: &View<'_>) {
    let of = |group: &Group| {
        let run = group.first();
        let by_clients = run.setup.optimizer.kind.by_clients();
        by_clients.then(|| run.last()).flatten()?;
        Some(told(run))
    };
    let hint = "Counted, not sent: in each round every client sends what its optimizer averages, and is sent what came of it, \
                four bytes a value. Seconds are those of all clients one after the other.";
    beside_ui(ui, view, "Clients, simulated", of, |ui, _, text| {
        weak(ui, text).on_hover_text(hint);
    });
}

fn told(run: &Run) -> String {
    let sent = run
        .last()
        .map_or_else(Default::default, |last| last.exchange);
    let megabytes = |bytes: u64| format!("{:.2} MB", bytes as f64 / 1e6);
    let pairs = &run.client_pairs;
    let least = pairs.iter().min().copied().unwrap_or(0);
    let most = pairs.iter().max().copied().unwrap_or(0);
    let held = if least == most {
        format!("{} pairs each", grouped(least))
    } else {
        format!("{} to {} pairs each", grouped(least), grouped(most))
    };
    format!(
        "{} rounds: {} up, {} down; {held}",
        grouped(sent.rounds as usize),
        megabytes(sent.up),
        megabytes(sent.down)
    )
}
