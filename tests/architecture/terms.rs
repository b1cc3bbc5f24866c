//! The table of terms: every line is used.

use super::*;
use nearmiss::desktop::shell::terms::Term;

#[test]
fn every_term_of_the_table_is_explained_somewhere() {
    let views: Vec<String> = all()
        .into_iter()
        .filter(|(_, path, _)| !path.ends_with("shell/terms.rs"))
        .map(|(_, _, text)| text)
        .collect();
    for term in Term::all() {
        let asked = format!("Term::{term:?}");
        // Heads of tables and lines of results are looked up by their names.
        let named = |text: &String| {
            let lower = text.to_lowercase();
            term.names()
                .iter()
                .any(|name| lower.contains(&format!("(\"{}\"", name.to_lowercase())))
        };
        let used = views.iter().any(|text| {
            let at = text.match_indices(&asked).any(|(at, _)| {
                !text[at + asked.len()..].starts_with(|c: char| c.is_alphanumeric())
            });
            at || named(text)
        });
        assert!(used, "{term:?} is explained nowhere");
    }
}

#[test]
fn every_figure_has_a_term() {
    // The function that draws them takes one; a label that names a term names the right one.
    for (label, term) in [
        ("R@1", Term::Recall),
        ("median rank", Term::MedianRank),
        ("anti-hubs · 3.0 %", Term::AntiHubs),
        ("Lift", Term::Lift),
        ("95 % interval", Term::Wilson),
        ("After 8 bits", Term::EightBits),
    ] {
        assert_eq!(Term::named(label), Some(term), "{label}");
    }
}
