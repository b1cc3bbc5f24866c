//! Names of what can be chosen, from one table for each kind.

/// Gives a type its list and its names from a table, of which each line has a value, its name on the command line, its name
/// in menus and what it is; `like` says whether two values have one line, the last text what `about` tells.
macro_rules! named {
    ($type:ty, $noun:literal, $table:ident, $like:expr, $about:literal) => {
        impl $type {
            /// All of them, in the order of menus.
            pub const ALL: [Self; $table.len()] = {
                let mut all = [$table[0].0; $table.len()];
                let mut at = 0;
                while at < all.len() {
                    all[at] = $table[at].0;
                    at += 1;
                }
                all
            };

            fn named(self) -> (&'static str, &'static str, &'static str) {
                let like: fn(Self, Self) -> bool = $like;
                let found = $table.iter().find(|(value, ..)| like(*value, self));
                found.map_or(("", "", ""), |&(_, name, title, about)| {
                    (name, title, about)
                })
            }

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                self.named().0
            }

            /// Its name in menus.
            pub fn title(self) -> &'static str {
                self.named().1
            }

            #[doc = $about]
            pub fn about(self) -> &'static str {
                self.named().2
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::error::Error;

            fn from_str(text: &str) -> $crate::error::Result<Self> {
                let found = Self::ALL.into_iter().find(|value| value.name() == text);
                found.ok_or_else(|| {
                    let names = Self::ALL.map(Self::name).join(", ");
                    $crate::error::Error::request(
                        format!("there is no {} {text:?}", $noun),
                        format!("Choose one of {names}."),
                    )
                })
            }
        }
    };
}

/// Makes a type whose values are the lines of a list of descriptions with `name` and `title`: its list, the first that is
/// taken, its names, equality by name, and how it is read and kept. `$noun` is what errors call it.
macro_rules! described {
    ($(#[$about:meta])* $type:ident, $noun:literal, $list:ident, $usual:expr) => {
        $(#[$about])*
        #[derive(Clone, Copy, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(&'static Description);

        impl $type {
            /// All of them, in the order of menus.
            pub fn all() -> impl Iterator<Item = Self> {
                $list.iter().map(|about| Self(about))
            }

            /// What is known of it.
            pub fn description(self) -> &'static Description {
                self.0
            }

            /// Its name in menus.
            pub fn title(self) -> &'static str {
                self.0.title
            }

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                self.0.name
            }
        }

        impl Default for $type {
            fn default() -> Self {
                Self(&$usual)
            }
        }

        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.0.name == other.0.name
            }
        }

        impl Eq for $type {}

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.0.name)
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::error::Error;

            fn from_str(text: &str) -> $crate::error::Result<Self> {
                let found = Self::all().find(|value| value.name() == text);
                found.ok_or_else(|| {
                    let names: Vec<&str> = Self::all().map(Self::name).collect();
                    $crate::error::Error::request(
                        format!("there is no {} {text:?}", $noun),
                        format!("Choose one of {}.", names.join(", ")),
                    )
                })
            }
        }

        impl TryFrom<String> for $type {
            type Error = $crate::error::Error;

            fn try_from(name: String) -> $crate::error::Result<Self> {
                name.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.name().into()
            }
        }
    };
}

pub(crate) use {described, named};
