// An SQS client of twenty lines, for servers that let anyone in.

/** Carries out an action, in the JSON protocol; rejects with the code of what was refused. */
export async function ask(url, action, values = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AmazonSQS.${action}`,
    },
    body: JSON.stringify(values),
  });
  const answer = await response.json();
  if (response.ok) return answer;
  throw new Error(`${response.status} ${answer.__type.replace(/.*#/, '')}`);
}

/** What a page of the server says. */
export async function page(url, path) {
  return (await fetch(new URL(path, url))).text();
}
