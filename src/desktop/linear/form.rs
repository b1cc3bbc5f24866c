//! What is asked of the next study.

use crate::desktop::core::Session;
use crate::error::{Error, Result};
use crate::files::quoted;
use crate::learn::concepts::{Members, On};
use crate::learn::linear::study::Asked;
use crate::learn::linear::{Method, Step};
use crate::retrieval::structure::folder_of;

/// Where a group comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Group {
    /// Images with a caption that holds these words.
    Words(String),
    /// A named set.
    Set(String),
    /// Images of this label: the folder in their names.
    Label(String),
}

impl Group {
    /// What it is called.
    pub fn title(&self) -> &str {
        match self {
            Self::Words(words) => words.trim(),
            Self::Set(name) | Self::Label(name) => name,
        }
    }

    /// The same with the images of what is open.
    ///
    /// # Errors
    /// A set that is not there.
    pub fn members(&self, session: &Session) -> Result<Members> {
        match self {
            Self::Words(words) => Ok(Members::Words(words.clone())),
            Self::Set(name) => {
                let set = session.sets.named.get(name).ok_or_else(|| {
                    Error::request(
                        format!("there is no set {name:?}"),
                        "Choose another group, or make the set again.",
                    )
                })?;
                let rows = set.iter().copied().collect();
                Ok(Members::Rows(name.clone(), rows))
            }
            Self::Label(label) => {
                let images = session.dataset().map_or(&[][..], |d| &d.images);
                let rows = (0..).zip(images);
                let own = rows.filter(|(_, image)| folder_of(&image.name) == label);
                let rows = own.map(|(row, _)| row).collect();
                Ok(Members::Rows(label.clone(), rows))
            }
        }
    }
}

/// The next study.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// The groups: the first is +1.
    pub groups: [Group; 2],
    /// What their rows hold.
    pub on: On,
    /// Images of a group at most.
    pub most: usize,
    /// Is the mean of all rows taken off each? Of pixels and layers.
    pub centred: bool,
    /// Optimizers and architectures.
    pub methods: Vec<Method>,
    /// Steps of each.
    pub steps: u64,
    /// How long their steps are.
    pub step: Step,
    /// Weights of penalties as they are typed: multiples of the maximal margin.
    pub penalties: String,
    /// Seed of the networks' starts.
    pub seed: u64,
}

impl Default for Form {
    fn default() -> Self {
        let asked = Asked::default();
        Self {
            groups: ["", ""].map(|word| Group::Words(word.into())),
            on: On::default(),
            most: 200,
            centred: true,
            methods: asked.methods,
            steps: 20_000,
            step: asked.step,
            penalties: String::new(),
            seed: asked.seed,
        }
    }
}

impl Form {
    /// What is asked for besides the groups, in words.
    pub fn told(&self) -> String {
        let on = match &self.on {
            On::Pixels { side, colour } => {
                let colour = if *colour { "colour" } else { "grey" };
                format!("pixels {side} × {side}, {colour}")
            }
            On::Embeddings => "embeddings".to_owned(),
            On::Layer(name) => format!("layer {name}"),
        };
        let methods: Vec<&str> = self.methods.iter().map(|method| method.name()).collect();
        let penalties = match self.penalties.trim() {
            "" => String::new(),
            weights => format!(" · penalties {weights}"),
        };
        format!(
            "{on} · {} images of each at most · {} · {} steps{penalties} · seed {}",
            self.most,
            methods.join(", "),
            self.steps,
            self.seed
        )
    }

    /// What is asked for.
    ///
    /// # Errors
    /// Penalties that are no numbers; as [`Asked::check`].
    pub fn asked(&self) -> Result<Asked> {
        let words = self.penalties.split([',', ' ', ';']);
        let penalties = words.filter(|word| !word.is_empty()).map(|word| {
            word.parse::<f64>().map_err(|_| {
                Error::request(
                    format!("{word:?} is no weight of a penalty"),
                    "Type multiples of the maximal margin such as 0.1, 0.01; or nothing.",
                )
            })
        });
        let asked = Asked {
            methods: self.methods.clone(),
            steps: self.steps,
            step: self.step,
            seed: self.seed,
            penalties: penalties.collect::<Result<_>>()?,
        };
        asked.check()?;
        Ok(asked)
    }

    /// Are two groups named?
    pub fn is_named(&self) -> bool {
        self.groups.iter().all(|group| !group.title().is_empty())
    }

    /// The same as arguments of `nearmiss linear`, with groups of these images; the source of the data is left to the reader.
    pub fn command(&self, members: &[Members; 2]) -> String {
        let on = match &self.on {
            On::Pixels { side, colour } => {
                format!("pixels:{side}{}", if *colour { ":colour" } else { "" })
            }
            On::Embeddings => "embeddings --zero-shot".into(),
            On::Layer(name) => quoted(&format!("layer:{name}")),
        };
        let [first, second] = members.each_ref().map(Members::argument);
        let mut command = format!(
            "nearmiss linear --first {first} --second {second} --on {on} --most {} --steps {} --step {} --seed {}",
            self.most,
            self.steps,
            self.step.name(),
            self.seed
        );
        let methods: Vec<&str> = self.methods.iter().map(|method| method.name()).collect();
        if !methods.is_empty() {
            command = format!("{command} --optimizers {}", methods.join(","));
        }
        if self.centred && self.on != On::Embeddings {
            command.push_str(" --centre");
        }
        let penalties: Vec<&str> = self
            .penalties
            .split([',', ' ', ';'])
            .filter(|word| !word.is_empty())
            .collect();
        if !penalties.is_empty() {
            command = format!("{command} --penalties {}", penalties.join(","));
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn penalties_are_read_and_refused() {
        let of = |penalties: &str| Form {
            penalties: penalties.into(),
            ..Form::default()
        };
        assert_eq!(of("0.1, 0.01").asked().unwrap().penalties, [0.1, 0.01]);
        assert!(of("").asked().unwrap().penalties.is_empty());
        for wrong in ["small", "0", "-1", "inf"] {
            assert!(of(wrong).asked().is_err(), "{wrong:?}");
        }
        let members = [
            Members::Words("a dog's".into()),
            Members::Rows("set".into(), vec![0, 5]),
        ];
        let command = of("0.1").command(&members);
        assert!(command.contains(r"--first 'a dog'\''s' --second 0,5 "));
        assert!(command.ends_with("--centre --penalties 0.1"));
    }
}
