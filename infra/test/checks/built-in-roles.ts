// Azure's built-in roles that may be given here: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
// Each gives rights on data or on one service; none can change resources or give rights away.

export const BUILT_IN_ROLES: Readonly<Record<string, string>> = {
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
  'Storage Blob Data Contributor': 'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
  'Storage Blob Data Reader': '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1',
  'Storage Queue Data Contributor': '974c5e8b-45b9-4653-ba55-5f855dd0fb88',
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
  'Azure Event Hubs Data Sender': '2b629674-e913-4c01-ae53-ef4638d8f975',
  'Azure Event Hubs Data Receiver': 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde',
  'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb',
  'Key Vault Secrets User': '4633458b-17de-408a-b874-0445c86b69e6',
  'Key Vault Secrets Officer': 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
  'Grafana Admin': '22926164-76b3-42b3-bc55-97df8dab3e41',
  'Grafana Viewer': '60921a7e-fef1-4a43-9b16-a26c52ad4769',
};

/** Owner, Contributor, User Access Administrator, Role Based Access Control Administrator. */
export const FORBIDDEN_ROLES: Readonly<Record<string, string>> = {
  '8e3af657-a8ff-443c-a75c-2fe8c4bcb635': 'Owner',
  'b24988ac-6180-42a0-ab88-20f7382dd24c': 'Contributor',
  '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9': 'User Access Administrator',
  'f58310d9-a9f6-439a-9e8d-f62e7b41a168': 'Role Based Access Control Administrator',
};

/** Principals of a database: https://learn.microsoft.com/azure/data-explorer/kusto/access-control/role-based-access-control */
export const KUSTO_ROLES: ReadonlySet<string> = new Set([
  'Ingestor',
  'Viewer',
  'Admin',
  'User',
  'UnrestrictedViewer',
  'Monitor',
]);
