//! The other end of the control socket.

use std::io::{BufRead, BufReader, Write};

use serde_json::Value as Json;

use super::server::Stream;
use super::{Address, Request};

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody listens, or the connection broke.
    #[error("{address}: {source}")]
    Connection {
        /// Where.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The switch refused.
    #[error("{message}")]
    Refused {
        /// The status by its SAI name.
        status: String,
        /// The reason.
        message: String,
    },
    /// The answer was none.
    #[error("{0}: this is no answer of a switch")]
    NotAnAnswer(String),
}

/// An event of a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A notification or a frame.
    Event(Json),
    /// So many were dropped, because they were not taken fast enough.
    Lost(u64),
}

/// A connection to running switches.
#[derive(Debug)]
pub struct Client {
    address: String,
    input: BufReader<Stream>,
    output: Stream,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn connect(address: &Address) -> Result<Client, ClientError> {
        let name = address.to_string();
        let failed = |source| ClientError::Connection { address: address.to_string(), source };
        let output = Stream::connect(address).map_err(failed)?;
        let input = BufReader::new(output.try_clone().map_err(failed)?);
        Ok(Client { address: name, input, output })
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// When the switch refuses or the connection breaks.
    pub fn call(&mut self, request: &Request) -> Result<Json, ClientError> {
        // A request always serialises.
        let line = serde_json::to_string(request).unwrap_or_default() + "\n";
        self.output.write_all(line.as_bytes()).map_err(|e| self.broken(e))?;
        let mut answer = self.line()?;
        if let Some(error) = answer.get("error") {
            let text = |field: &str| error.get(field).and_then(Json::as_str).unwrap_or_default().to_owned();
            return Err(ClientError::Refused { status: text("status"), message: text("message") });
        }
        match answer.get_mut("ok") {
            Some(value) => Ok(value.take()),
            None => Err(ClientError::NotAnAnswer(answer.to_string())),
        }
    }

    /// The next event, after [`Request::Watch`] or [`Request::Capture`]; waits for it. `None` when the switches are
    /// gone.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn next_event(&mut self) -> Result<Option<Event>, ClientError> {
        let mut line = match self.line() {
            Err(ClientError::Connection { source, .. })
                if source.kind() == std::io::ErrorKind::UnexpectedEof =>
            {
                return Ok(None);
            }
            other => other?,
        };
        match line.get_mut("event") {
            Some(event) => Ok(Some(match event.get("lost").and_then(Json::as_u64) {
                Some(lost) => Event::Lost(lost),
                None => Event::Event(event.take()),
            })),
            None => Err(ClientError::NotAnAnswer(line.to_string())),
        }
    }

    fn line(&mut self) -> Result<Json, ClientError> {
        let mut line = String::new();
        match self.input.read_line(&mut line) {
            Ok(0) => Err(self.broken(std::io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => serde_json::from_str(&line).map_err(|_| ClientError::NotAnAnswer(line)),
            Err(e) => Err(self.broken(e)),
        }
    }

    fn broken(&self, source: std::io::Error) -> ClientError {
        ClientError::Connection { address: self.address.clone(), source }
    }
}
