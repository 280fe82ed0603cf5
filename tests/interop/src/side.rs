//! One of the two processes: a driver, with calls that must succeed.

use forebay_scenario_driver::wire::Line;
use forebay_scenarios::driver::Driver;
use forebay_scenarios::drivers::Start;

/// A driver process with a name for messages.
pub struct Side {
    name: &'static str,
    driver: Driver,
}

impl Side {
    /// Starts a process.
    pub fn start(name: &'static str, start: &Start) -> Result<Self, String> {
        let driver = Driver::start(&mut start.command())?;
        Ok(Self { name, driver })
    }

    /// True if the driver says that it can do this.
    pub fn can(&self, capability: &str) -> bool {
        self.driver.capabilities.contains(capability)
    }

    /// Sends a request; an error of the library is one here too.
    pub fn call(&mut self, request: &Line) -> Result<Line, String> {
        let answer = self
            .driver
            .call(request)
            .map_err(|error| format!("{}: {}: {error}", self.name, request.word))?;
        if answer.word == "ok" {
            return Ok(answer);
        }
        Err(format!(
            "{}: {}: {} {}",
            self.name,
            request.word,
            answer.required("name")?,
            answer.required("text")?
        ))
    }

    /// Sends a request with fields.
    pub fn ask(&mut self, verb: &str, fields: &[(&str, &[u8])]) -> Result<Line, String> {
        let mut line = Line::new(verb);
        for (key, value) in fields {
            line.put(*key, value);
        }
        self.call(&line)
    }
}

/// Fails with both values if they differ.
pub fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    written: &T,
    read: &T,
) -> Result<(), String> {
    if written == read {
        return Ok(());
    }
    let mut texts = [format!("{written:?}"), format!("{read:?}")];
    for text in &mut texts {
        if text.len() > 200 {
            text.truncate(200);
            text.push_str("...");
        }
    }
    Err(format!("{what}: written {}, read {}", texts[0], texts[1]))
}
