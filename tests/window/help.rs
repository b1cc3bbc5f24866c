//! Help: the tour, the sheet of keys, the guide, what the program is, and the palette.

use super::*;
use nearmiss::desktop::attack::{Attack, LabPage};
use nearmiss::desktop::feature::Feature;
use nearmiss::desktop::guide::{Guide, PAGES};
use nearmiss::desktop::negatives::Negatives;
use nearmiss::desktop::retrieval::Retrieval;

/// Opens the menu behind the question mark.
fn help_menu(window: &mut Window) {
    window.get_by_label("?").click();
    settle(window);
}

/// The button of this name that lies lowest: the tour's card is at the lower edge.
fn click_lowest(window: &mut Window, names: &[&str]) {
    let all = names
        .iter()
        .flat_map(|name| window.query_all_by_label(name));
    let lowest = all.max_by(|a, b| a.rect().bottom().total_cmp(&b.rect().bottom()));
    lowest.expect("a button of the tour").click();
    settle(window);
}

#[test]
fn the_tour_leads_through_four_views_and_can_be_left_and_taken_again() {
    let mut window = demo();
    help_menu(&mut window);
    click(&mut window, "Tour of the program");
    assert!(says(&window, "1 of 4"));
    assert_eq!(session(&window).tab, Retrieval::TAB);
    let case = *session(&window)
        .case()
        .expect("the tour shows the near miss");
    assert_eq!(
        session(&window).query(),
        Some(&Query::Row(Side::Image, case.image))
    );
    click_lowest(&mut window, &["Make the model wrong"]);
    assert!(says(&window, "2 of 4"));
    assert_eq!(session(&window).tab, Attack::TAB);
    let lab = lab_of(&window);
    assert_eq!(
        lab.last(now(&window)).map(|d| d.result.image),
        Some(case.image)
    );
    click_lowest(&mut window, &["Next"]);
    assert!(says(&window, "3 of 4"));
    assert_eq!(session(&window).tab, Negatives::TAB);
    window.key_press(egui::Key::Escape);
    settle(&mut window);
    assert!(!says(&window, "of 4"), "Escape leaves the tour");
    help_menu(&mut window);
    click(&mut window, "Tour of the program");
    for step in 2..=4 {
        click_lowest(&mut window, &["Make the model wrong", "Next"]);
        assert!(says(&window, &format!("{step} of 4")), "step {step}");
    }
    assert!(says(&window, "4 of 4"));
    assert_eq!(
        (session(&window).tab, lab_of(&window).page),
        (Attack::TAB, LabPage::Set)
    );
    click(&mut window, "End the tour");
    assert!(!says(&window, "of 4"));
}

#[test]
fn a_question_mark_lists_the_keys_of_every_view() {
    let mut window = demo();
    window.key_press(egui::Key::Questionmark);
    settle(&mut window);
    for (group, keys, what) in [
        ("Everywhere", "Ctrl+Shift+O", "open a workspace"),
        ("Negatives", "F", "confirm: the pair is right"),
        ("Attack", "Ctrl+Enter", "attack"),
        ("Map", "G", "choose with a lasso"),
        ("Structure", "Home", "everything"),
        ("Retrieval", "Alt+Down", "the next result"),
        ("Retrieval", "Ctrl+Shift+Z", "do it again"),
        ("Retrieval", "Alt+Right", "forward to the query after"),
    ] {
        assert!(says(&window, group), "{group}");
        assert!(window.query_all_by_label(keys).next().is_some(), "{keys}");
        assert!(says(&window, what), "{what}");
    }
    // While it is open, keys are not for the view.
    let query = session(&window).query().cloned();
    window.key_press(egui::Key::ArrowRight);
    settle(&mut window);
    assert_eq!(session(&window).query(), query.as_ref());
    window.key_press(egui::Key::Escape);
    settle(&mut window);
    assert!(!says(&window, "Everywhere"));
}

#[test]
fn the_guide_opens_on_the_page_of_the_view_and_its_links_lead_on() {
    let mut window = demo();
    click(&mut window, "Negatives");
    window.key_press(egui::Key::F1);
    settle(&mut window);
    let page = |window: &Window| PAGES[drive::state::<Guide>(window).page].name;
    assert_eq!(
        (session(&window).tab, page(&window)),
        (Guide::TAB, "mining")
    );
    assert!(says(&window, "Mining negatives, and training on them"));
    click(&mut window, "attacks");
    assert_eq!(page(&window), "attacks");
    assert!(says(&window, "Attacks and threat models"));
    click(&mut window, "Back");
    assert_eq!(page(&window), "mining");
    for (at, page) in PAGES.iter().enumerate() {
        perform_of::<Guide>(&mut window, nearmiss::desktop::guide::Command::Open(at));
        settle(&mut window);
        // In the list, and as the heading of the page.
        let titled = window.query_all_by_label_contains(page.title()).count();
        assert!(titled >= 2, "{}: {titled}", page.name);
    }
    assert_eq!(errors(&window), Vec::<String>::new());
}

#[test]
fn about_says_version_engines_licence_and_places() {
    let mut window = demo();
    help_menu(&mut window);
    click(&mut window, "About nearmiss");
    for text in [
        &format!("nearmiss {}", env!("CARGO_PKG_VERSION")) as &str,
        "Encoders run on",
        "Rankings run on",
        "MIT or Apache-2.0",
        "Settings and runs",
        "Cache of embeddings",
    ] {
        assert!(says(&window, text), "{text}");
    }
    click(&mut window, "Close");
    assert!(!says(&window, "Rankings run on"));
}

#[test]
#[allow(clippy::redundant_closure_for_method_calls)] // the method itself is not general enough
fn the_palette_knows_every_attack_and_keeps_its_height() {
    let mut window = demo();
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    settle(&mut window);
    // The only field with the keyboard.
    let field = |window: &Window| window.get_by(|node| node.is_focused()).rect();
    let before = field(&window);
    let typed = |window: &mut Window, text: &str| {
        window.get_by(|node| node.is_focused()).type_text(text);
        settle(window);
    };
    let entries = |window: &Window| {
        let named = |text: &str| window.query_all_by_label_contains(text).count();
        named("Attack: ")
    };
    typed(&mut window, "attack");
    assert!(entries(&window) > 8, "{}", entries(&window));
    typed(&mut window, " apgd zzz");
    assert!(says(&window, "Nothing matches."));
    for _ in 0.." apgd zzz".len() {
        window.key_press(egui::Key::Backspace);
        settle(&mut window);
    }
    assert!(
        entries(&window) > 8,
        "as many as before: {}",
        entries(&window)
    );
    assert_eq!(field(&window), before, "the palette stays where it is");
    window.key_press(egui::Key::Enter);
    settle(&mut window);
    assert_eq!(session(&window).tab, Attack::TAB, "the first entry attacks");
}
